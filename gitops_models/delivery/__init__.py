"""What is served: desired state, observation, plan, targets, and the loop that holds them together.

The decisions (``desired``, ``plan``) are pure; the shells (``targets``, ``journal``, ``mirror``) hold none.
"""
