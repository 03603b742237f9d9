"""gitops-models: Git as model registry, approval record and desired state of what is served.

The verbs of the command line are functions here, imported when first used::

    import gitops_models
    gitops_models.register("fraud", ["model.onnx"], reason="retrained on October", land=True)
    path = gitops_models.fetch("fraud#production")
"""

from gitops_models._version import __version__

__all__ = ["__version__", "fetch", "promote", "register", "resolve", "rollback"]

_VERBS = {"fetch", "promote", "register", "resolve", "rollback"}


def __getattr__(name: str) -> object:
    """Load a verb (PEP 562): importing the package alone costs nothing."""
    if name in _VERBS:
        from gitops_models import api  # noqa: PLC0415 - that is the point

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """Offer the verbs to whoever completes names."""
    return sorted({*globals(), *__all__})
