"""The two voices of a conversation: the guest's on its way up, the avatar's on its way to face and speaker."""
