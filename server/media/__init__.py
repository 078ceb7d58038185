"""Live pictures of witnessed actions, and the public keys they are sealed for: handed on, never kept (WA3)."""
