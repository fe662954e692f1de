"""The MQTT link: one connection, what it announces, what it takes in, what it sends."""
