"""The protocol: frames, their codec and their close codes."""
