"""The settings of what is heard and said: the codec and its link, and the brain that answers."""
