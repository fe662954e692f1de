"""From the peer to a voice: received in order, concealed, in time."""
