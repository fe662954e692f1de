"""Text to voice: sentences as they come, and the engines that say them."""
