"""One file per family of rules: read, decide, commit, ring."""
