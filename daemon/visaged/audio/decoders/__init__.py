"""Sound files and streams of every kind that is understood, as frames of float32."""
