"""Reaching people who are not on the page."""
