"""The page and the HTTP API: a process of its own that commands over the local socket and watches the face."""
