"""What the daemon is put together with: adapters between rooms that do not know each other. Imported by it alone."""
