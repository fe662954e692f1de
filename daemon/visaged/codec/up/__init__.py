"""From the microphone to the peer: cleaned, gated, encoded, sent."""
