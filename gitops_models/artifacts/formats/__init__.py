"""What a model file says of itself, read from its header by the standard library: nothing is imported or executed."""

from gitops_models.artifacts.formats.describe import Described, describe

__all__ = ["Described", "describe"]
