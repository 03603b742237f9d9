"""Steps kept as lines come back as they were, and a file that is not whole is as good as none."""

from dataclasses import replace

import pytest

from gitops_models.policy.verdict import Verdict
from gitops_models.verification import steplog
from gitops_models.verification.fold import fold
from gitops_models.verification.steplog import load_steps, save_steps
from tests.support import stories


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    """A history with every status: accepted, denied, restored, pending, released late, untouched."""
    story = stories.two_versions(tmp_path_factory.mktemp("steps") / "r", risk="high")
    story.commit({"README": b"nothing governed"}, land=True)
    before = story.history().state.snapshot.data("models/fraud/stages/production.yaml")
    story.commit(stories.stage_file(story, "1.0.0"), land=True)
    story.commit({"models/fraud/stages/production.yaml": before}, land=True)
    return story


@pytest.fixture(scope="module")
def history(registry):
    return registry.history()


@pytest.fixture
def kept(history, tmp_path):
    path = tmp_path / "steps.jsonl"
    save_steps(path, history)
    return path


def load(path, history, count=None):
    count = history.length if count is None else count
    return load_steps(path, history.pin, count, history.steps[count - 1].oid if count else "nothing")


def test_what_is_loaded_equals_what_was_folded(history, kept):
    assert {step.status for step in history.steps} >= {"accepted", "denied", "restored", "untouched"}
    assert any(step.verdict and step.verdict.quorums and step.verdict.findings for step in history.steps)
    assert load(kept, history) == history.steps


@pytest.mark.parametrize("count", [0, 1, 5])
def test_the_first_steps_alone_can_be_asked_for(history, kept, count):
    assert load(kept, history, count) == history.steps[:count]


def test_every_field_of_a_step_is_kept(history, tmp_path):
    full = replace(
        history.steps[1],
        released=history.tip,
        verdict=Verdict(allowed=True, findings=(), quorums=(), change_id="x"),
        index=1,
    )
    save_steps(tmp_path / "steps", replace(history, steps=(full,)))
    assert load_steps(tmp_path / "steps", history.pin, 1, full.oid) == (full,)


def test_new_steps_are_added_to_those_that_are_kept(history, tmp_path):
    whole, grown = tmp_path / "whole", tmp_path / "grown"
    save_steps(whole, history)
    save_steps(grown, replace(history, steps=()))
    for done in range(history.length):
        save_steps(grown, replace(history, steps=history.steps[done : done + 1], skipped=done))
    assert grown.read_bytes() == whole.read_bytes()
    save_steps(grown, replace(history, steps=history.steps[-3:], skipped=history.length - 3))
    assert grown.read_bytes() == whole.read_bytes()  # another process was faster


def test_steps_that_do_not_go_on_from_the_file_end_it(history, tmp_path):
    path = tmp_path / "steps"
    for there, skipped in ((history.steps[:2], 3), ((), 1)):
        save_steps(path, replace(history, steps=there))
        save_steps(path, replace(history, steps=history.steps[skipped:], skipped=skipped))
        assert not path.exists()
    save_steps(path, replace(history, steps=history.steps[3:], skipped=3))
    assert not path.exists()


def test_a_file_of_another_pin_or_gm_is_not_added_to_or_used(history, kept, monkeypatch):
    assert load_steps(kept, history.tip, history.length, history.tip) is None
    monkeypatch.setattr(steplog, "FORMAT", 99)
    assert load(kept, history) is None
    save_steps(kept, replace(history, steps=history.steps[-1:], skipped=history.length - 1))
    assert not kept.exists()


def test_a_class_with_other_fields_is_another_format(history, kept, monkeypatch):
    monkeypatch.setattr(steplog, "_shape", lambda: "another")
    assert load(kept, history) is None


def test_steps_of_another_line_are_not_used(history, kept):
    assert load_steps(kept, history.pin, history.length, history.pin) is None
    assert load_steps(kept, history.pin, history.length + 1, history.tip) is None
    assert load_steps(kept.with_name("none"), history.pin, 0, history.pin) is None


def test_one_changed_byte_in_any_line_is_noticed(history, kept):
    whole = kept.read_bytes()
    for place in range(0, len(whole) - 1, 37):
        kept.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert load(kept, history) is None, place


@pytest.mark.parametrize("harm", ["cut", "swapped", "left out", "doubled"])
def test_lines_that_are_missing_or_in_another_order_are_noticed(history, kept, harm):
    head, *lines = kept.read_bytes().splitlines(keepends=True)
    harmed = {
        "cut": [*lines[:-1], lines[-1][:-9]],
        "swapped": [lines[1], lines[0], *lines[2:]],
        "left out": lines[1:],
        "doubled": [lines[0], *lines],
    }[harm]
    kept.write_bytes(head + b"".join(harmed))
    assert load(kept, history) is None


def test_a_line_that_holds_no_step_is_noticed(history, tmp_path):
    path, head = tmp_path / "steps", steplog._head(history.pin)
    for body in (b"[]", b"{}", b'{"Step":[1]}', b'{"set":[]}', b'{"Path":["/"]}', b"x"):
        path.write_bytes(head + steplog._sign(steplog._sign(head) + body) + body + b"\n")
        assert load_steps(path, history.pin, 1, history.tip) is None, body


def test_a_file_beyond_all_measure_is_not_read(history, kept, monkeypatch):
    monkeypatch.setattr(steplog, "_MAX_BYTES", 10)
    assert load(kept, history) is None


def test_steps_of_a_story_go_on_after_each_fold(registry, history, tmp_path):
    """What an incremental fold says of its new steps equals what one fold says of all."""
    path = tmp_path / "steps"
    oids = [step.oid for step in history.steps]
    first = fold(registry.store, pin=registry.pin, tip=oids[3], ledger=registry.ledger, now=None)
    save_steps(path, first)
    more = fold(registry.store, pin=registry.pin, tip=oids[6], ledger=registry.ledger, known=first, now=None)
    save_steps(path, replace(more, steps=more.steps[4:], skipped=4))
    assert load(path, history, 7) == history.steps[:7]
