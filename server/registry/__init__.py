"""Presence leases across nodes."""
