"""Presence: who is really here. Pure values and functions; the clock is an argument."""
