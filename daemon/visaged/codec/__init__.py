"""The speech codec: voice to tokens and back, and the link that carries them."""
