"""The Open Inference Protocol (V2) over HTTP, as far as checks need it: metadata and inference.

https://github.com/open-inference/open-inference-protocol/blob/main/specification/protocol/inference_rest.md
The server is a stranger: its answers are read strictly, and what does not fit is no answer.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from gitops_models.delivery.checks.comparing import Tensor
from gitops_models.registry.text import visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gitops_models.delivery.checks.web import Client
    from gitops_models.delivery.lines import Answer

_OK = 200
_SHOWN = 200
_DIGEST = re.compile(r"[0-9a-f]{12,64}")  # MLServer has room for the beginning of one only
_SAYS_DIGEST = ("sha256", "digest", "gm_sha256", "gm_digest")


class NoAnswer(Exception):  # noqa: N818 - what happened, not what is wrong with us
    """The server did not answer as the protocol says; the message tells how."""


def metadata(client: Client, model: str) -> dict[str, Any]:
    """Return what the server says of ``model``. Raises ``NoAnswer`` or ``OSError``."""
    return read_object(client.get(f"/v2/models/{quote(model, safe='')}"))


def infer(client: Client, model: str, body: bytes) -> dict[str, Any]:
    """Return the server's answer to the inference request ``body``. Raises ``NoAnswer`` or ``OSError``."""
    return read_object(client.post(f"/v2/models/{quote(model, safe='')}/infer", body))


def served_digests(found: Mapping[str, Any]) -> frozenset[str]:
    """Return the digests, or their beginnings, that metadata name as served: in parameters, else as versions."""
    parameters = found.get("parameters")
    said = {parameters.get(name) for name in _SAYS_DIGEST} if isinstance(parameters, dict) else set()
    listed = found.get("versions")
    versions = listed if isinstance(listed, list) else []
    named = {text for text in said if isinstance(text, str)} or {text for text in versions if isinstance(text, str)}
    return frozenset(text for text in named if _DIGEST.fullmatch(text))


def outputs(found: Mapping[str, Any]) -> dict[str, Tensor]:
    """Return each output by name. Raises ``NoAnswer`` for anything else."""
    listed = found.get("outputs")
    if not isinstance(listed, list):
        raise NoAnswer("the answer has no outputs")
    read = {}
    for one in listed:
        if not isinstance(one, dict) or not isinstance(one.get("name"), str) or not isinstance(one.get("data"), list):
            raise NoAnswer("an output has no name or no data")
        read[one["name"]] = Tensor(tuple(_flat(one["data"])), _shape(one.get("shape")))
    return read


def read_object(answer: Answer) -> dict[str, Any]:
    """Return the JSON object that an answer is. Raises ``NoAnswer`` for anything else."""
    if answer.status != _OK:
        said = visible(answer.body[:_SHOWN].decode("utf-8", "replace"))
        raise NoAnswer(f"status {answer.status} {said}".rstrip())
    try:
        value = json.loads(answer.body)
    except (ValueError, RecursionError) as error:
        raise NoAnswer("the answer is no JSON") from error
    if not isinstance(value, dict):
        raise NoAnswer("the answer is no JSON object")
    return value


def _shape(value: Any) -> tuple[int, ...] | None:
    if not isinstance(value, list) or not all(type(size) is int for size in value):
        return None
    return tuple(value)


def _flat(data: list[Any]) -> Iterator[Any]:
    """Walk nested lists without recursion: a server could nest deeper than Python goes."""
    stack = [iter(data)]
    while stack:
        for value in stack[-1]:
            if isinstance(value, list):
                stack.append(iter(value))
                break
            yield value
        else:
            stack.pop()
