"""Triggers: signals of what is served, what they amount to, and what is done about it (DELIVERY.md section 5)."""
