"""Backup and restore: one file that holds what a deployment needs to live again."""
