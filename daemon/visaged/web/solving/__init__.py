"""Sounds to curves for others: worker processes, their queue, and what is kept of their answers."""
