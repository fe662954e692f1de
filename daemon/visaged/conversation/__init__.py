"""A talk with a guest: what the face listens to, the session with a peer, and the link to it."""
