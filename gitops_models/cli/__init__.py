"""The command line: one file per verb, no decisions. A verb calls a workflow and prints what it returns."""
