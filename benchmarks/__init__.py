"""Figures measured side by side in one run: ours, a peer, the ratio. Run with ``make bench``."""
