"""JSON from strangers: bounded, every key once, no number that JSON does not have."""

import base64
import binascii
from typing import Any

from gitops_models.errors import GmError
from gitops_models.registry.strictjson import strict_json

__all__ = ["decode_base64", "read_object"]


def read_object(data: bytes, what: str, *, code: str, limit: int) -> dict[str, Any]:
    """Read a JSON object of at most ``limit`` bytes; ``code`` when ``data`` is anything else."""
    if len(data) > limit:
        raise GmError(code, f"the {what} has {len(data)} bytes; at most {limit} are read")
    try:
        value = strict_json(data)
    except (ValueError, RecursionError) as error:
        raise GmError(code, f"the {what} is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise GmError(code, f"the {what} is not a JSON object")
    return value


def decode_base64(text: Any, what: str, *, code: str) -> bytes:
    """Return the bytes of standard base64 in its one spelling; ``code`` otherwise."""
    try:
        data = base64.b64decode(text, validate=True)
    except (TypeError, ValueError, binascii.Error) as error:
        raise GmError(code, f"the {what} is not base64") from error
    if base64.b64encode(data).decode() != text:
        raise GmError(code, f"the {what} is base64 in another spelling")
    return data
