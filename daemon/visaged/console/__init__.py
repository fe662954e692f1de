"""What every command prints with: progress, tables, exit codes."""
