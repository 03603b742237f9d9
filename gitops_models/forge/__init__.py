"""Where proposals live: the Git-only forge, later forges with pull requests behind the same protocol."""
