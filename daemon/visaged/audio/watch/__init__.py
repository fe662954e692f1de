"""What tells that a device is to be opened anew: absolute silence, sound cards that come and go."""
