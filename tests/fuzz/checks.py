"""What servers answer when they are checked, and files of golden cases that lie beside weights."""

import json
import math
import re

from gitops_models.delivery.checks import cases, comparing, oip
from gitops_models.delivery.lines import Answer
from tests.fuzz.engine import Target

OUT = {"name": "y", "datatype": "FP32", "shape": [2], "data": [0.5, 1]}
SEEDS = [
    json.dumps(value).encode()
    for value in (
        {"cases": [{"inputs": [{"name": "x", "data": [1]}], "outputs": [OUT]}]},
        {"name": "fraud", "versions": ["a" * 16], "parameters": {"sha256": "a" * 64}},
        {"outputs": [OUT, {**OUT, "name": "z", "data": [[1, 2], [float("nan"), float("inf")]]}]},
        {"outputs": [{"name": "label", "data": ["benign", True, None, 10**40]}]},
        {"outputs": [{"name": "y", "data": [10**400, -(10**400)], "shape": [1, 2]}, {"name": "z", "data": [0] * 4}]},
    )
]
WORDS = [
    b"cases",
    b"inputs",
    b"outputs",
    b"data",
    b"shape",
    b"NaN",
    b"Infinity",
    b"1e999",
    b"[",
    b"]",
    b"null",
    b"e999",
    b"500 ",
]
EXPECTED = {"y": comparing.Tensor((0.5, 2), (2,)), "z": comparing.Tensor((1, 2, math.nan, -math.inf), (2, 2))}
NEAR = comparing.Tolerance(1e-6, 1e-5)


def read(data):
    """Answers that are read compare with themselves; a digest is one; every case can be sent."""
    for case in _cases(data):
        assert json.loads(case.request)["inputs"]
    found = oip.read_object(Answer(500 if data.endswith(b" ") else 200, data))
    assert all(re.fullmatch(r"[0-9a-f]{12,64}", one) for one in oip.served_digests(found))
    outputs = oip.outputs(found)
    for expected in (outputs, EXPECTED):
        compared = comparing.compare(outputs, expected, NEAR)
        assert math.isfinite(compared.worst)
        assert compared.problem is None or expected is EXPECTED


def _cases(data):
    try:
        return cases.parse_cases(data)
    except ValueError:
        return ()


def target():
    return Target("checks", read, (oip, comparing, cases), SEEDS, WORDS, (oip.NoAnswer,), 2)
