"""Commands of `beside` that have a file of their own; `server.cli` adds them to the others."""
