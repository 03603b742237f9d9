"""``gm demo``: the whole life of a model in a fresh directory, as shell commands that anybody can run by hand."""
