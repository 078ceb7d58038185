"""Pages, login, REST, health and metrics over HTTP."""
