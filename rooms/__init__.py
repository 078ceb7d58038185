"""Rooms: what Beside decides about groups, chat and calls. Pure: no clock, no randomness, no I/O."""
