"""What clients of `gm serve` send, and what engines answer about what they serve."""

import json
from math import prod

from gitops_models.delivery.inference import protocol, routes
from gitops_models.delivery.targets import http
from gitops_models.errors import GmError
from tests.fuzz.engine import Target

ASKED = {"name": "x", "shape": [2, 2], "datatype": "FP32", "data": [[1, 2], [3, 4.5]]}
SEEDS = [
    json.dumps(value).encode()
    for value in (
        {"inputs": [ASKED]},
        {"id": "7", "inputs": [ASKED, {**ASKED, "name": "y", "datatype": "INT64", "data": [1, 2, 3, 4]}]},
        {"inputs": [{**ASKED, "datatype": "BYTES", "shape": [1], "data": ["\u00e4"]}], "outputs": [{"name": "y"}]},
        {"inputs": [{**ASKED, "datatype": "BOOL", "shape": [0], "data": []}]},
        {"parameters": {"sha256": "a" * 64, "version": "1.0.0"}},
    )
]
WORDS = [b"inputs", b"outputs", b"shape", b"data", b"datatype", b"FP64", b"NaN", b"1e999", b"-1", b"[", b"]", b"null"]


def read(data):
    """A request that is read has as many values as its shape says, and says itself again."""
    point_into(data)
    request = protocol.parse_request(data)
    for tensor in request.inputs:
        assert prod(tensor.shape) == len(tensor.data) <= len(data)
        assert json.loads(json.dumps(tensor.to_json()))["name"] == tensor.name


def point_into(data):
    """A pointer into any answer gives something or nothing."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return
    for pointer in ("/parameters/sha256", "/inputs/0/data/1/0", "/inputs/9", "//"):
        http.pointed_at(value, pointer)


def target():
    return Target("inference", read, (protocol, routes, http), SEEDS, WORDS, (GmError,), 2)
