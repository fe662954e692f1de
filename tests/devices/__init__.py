"""Sound devices for tests: an ALSA plug-in that behaves like a paced sound card."""
