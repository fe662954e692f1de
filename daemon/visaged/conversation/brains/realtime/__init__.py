"""The brain ``realtime``: OpenAI's Realtime protocol over a WebSocket, in its GA and beta names."""
