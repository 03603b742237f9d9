"""What is remembered of places from one process to the next: it saves attempts and may be lost."""

from dataclasses import replace

import pytest

from gitops_models.delivery.memos import Memo, Memos
from gitops_models.delivery.retries import Setback
from gitops_models.delivery.states import Condition
from gitops_models.delivery.values import ModelStage
from gitops_models.errors import GmError
from tests.support.delivery import NOW

AT = ModelStage("fraud", "production")
READY = Condition("Ready", status=None, reason="synced", message="well", time="2026-11-21T10:00:00Z")
ERROR = GmError("GM-A314", "swapped", where="model.onnx", details=("line",))
FINAL = Setback("inputs", ERROR, final=True, bad="b" * 64, proposal="e" * 64)


def test_a_failure_for_good_and_the_conditions_come_back_as_they_were(tmp_path):
    Memos(tmp_path / "places").save("local", {AT: Memo(FINAL, (READY,), "d" * 64)})
    found = Memos(tmp_path / "places").load("local")[AT]
    assert (found.conditions, found.digest) == ((READY,), "d" * 64)
    assert (found.setback.inputs, found.setback.final, found.setback.bad, found.setback.proposal) == (
        "inputs",
        True,
        "b" * 64,
        "e" * 64,
    )
    kept = found.setback.error
    assert (kept.code, kept.message, kept.where, kept.details) == ("GM-A314", "swapped", "model.onnx", ("line",))


def test_what_may_pass_is_no_business_of_the_next_process(tmp_path):
    memos = Memos(tmp_path)
    memos.save("local", {AT: Memo(replace(FINAL, final=False, again=NOW))})
    assert memos.load("local")[AT].setback is None


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"{", b'{"a": 1}', b'{"a#b": {}}', b"[" * 100_000, b'{"a#b": {"setback": {"error": {}}}}']
)
def test_what_makes_no_sense_is_as_good_as_nothing(tmp_path, data):
    (tmp_path / "local.json").write_bytes(data)
    assert Memos(tmp_path).load("local") == {}


def test_it_can_be_forgotten_and_a_directory_that_cannot_be_written_stops_nothing(tmp_path):
    memos = Memos(tmp_path / "places")
    memos.save("local", {AT: Memo(FINAL)})
    memos.forget("local")
    assert memos.load("local") == {}
    (tmp_path / "file").write_bytes(b"")
    Memos(tmp_path / "file").save("local", {AT: Memo(FINAL)})
    nowhere = Memos()
    nowhere.save("local", {AT: Memo(FINAL)})
    nowhere.forget("local")
    assert nowhere.load("local") == {}
