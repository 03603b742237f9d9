"""Whole small files: configuration that a person or a tool wrote beside the code."""

from pathlib import Path

from gitops_models.artifacts.files import open_regular, read_error
from gitops_models.errors import GmError

MAX_BYTES = 32 << 20


def read_small(path: Path, code: str) -> bytes:
    """Read a file of at most 32 MiB; ``code`` when it is larger, GM-A101..A104, A109 when it cannot be read."""
    try:
        with open_regular(path.resolve(), where=str(path)) as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise read_error(error, str(path)) from error
    if len(data) > MAX_BYTES:
        raise GmError(code, f"{path} is larger than {MAX_BYTES} bytes", where=str(path))
    return data
