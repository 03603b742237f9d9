"""Kinds of field that the operator's own files share, and how paths in them are read."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator

from gitops_models.registry.documents._base import Line


def _no_option(text: str) -> str:
    if text.startswith("-"):
        raise ValueError("must not begin with a dash")
    return text


Place = Annotated[Line, AfterValidator(_no_option)]


def local(text: str, base: Path) -> str:
    """Return the path ``text`` of a file in directory ``base`` as an absolute one; ``~`` is the home."""
    return str(base / Path(text).expanduser())
