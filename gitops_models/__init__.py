"""gitops-models: Git as model registry, approval record and desired state of what is served."""

from gitops_models._version import __version__

__all__ = ["__version__"]
