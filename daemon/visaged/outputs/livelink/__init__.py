"""Live Link Face: the packet, its time, and a receiver."""
