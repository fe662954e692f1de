"""The local control socket: the box's side and the asking side."""
