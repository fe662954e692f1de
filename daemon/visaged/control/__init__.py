"""Commands in, answers, events and health out: over a local socket and over MQTT, with the same models."""
