"""The Mimi codec, build time: a checkpoint of the operator's own -> verified model packages."""
