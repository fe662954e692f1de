"""The brain ``chat``: a recogniser, a language model and a voice, each by HTTP as OpenAI's own are, or on this box."""
