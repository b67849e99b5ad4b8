"""The rules that any implementation is held to, whatever its language."""
