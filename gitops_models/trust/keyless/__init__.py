"""Sigstore: bundles verified offline against a pinned trusted root.

The library takes seconds to import, so every module here imports it inside the function that needs it.
"""
