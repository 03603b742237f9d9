"""The bytes of models: digests, DVC pointers, remotes, the content store, and what a file says of itself.

Nothing here is trusted because of its MD5: that only locates bytes. What is trusted ends in a sha256 (DESIGN.md 1.4).
"""
