"""The paced sender, a process of its own, and the protocols that it speaks."""
