"""The channels of an input: which are the voice, how loud each is, whether they cancel each other."""
