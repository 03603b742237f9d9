"""GitHub and GitHub Enterprise: a thin client of its REST API, and the forge that is built on it (FORGE.md)."""
