"""``gm verify`` again: what it looks at is what is new, and what it says is what a replay from the pin says."""

from dataclasses import replace

import pytest

from gitops_models.audit import findings
from gitops_models.verification import fold
from gitops_models.verification.cache import cache_path
from gitops_models.workflows import verified
from gitops_models.workflows.inspect import replay_all
from gitops_models.workflows.pin import pin
from gitops_models.workflows.session import open_session
from gitops_models.workflows.verified import Verified, load_verified, save_verified, verified_path
from gitops_models.workflows.verifying import verify
from tests.support import stories


@pytest.fixture
def registry(tmp_path):
    story = stories.two_models(tmp_path / "r")
    pin(story.path, story.pin)
    return story


def run(registry, *, anew=False):
    session = open_session(registry.path, clock=registry.clock, replay=anew)
    replay_all(session)
    return verify(session, anew=anew)


@pytest.fixture
def counted(monkeypatch):
    """How often something was judged, gathered or checked."""
    counts = {"steps": 0, "claims": 0, "tags": 0}

    def count(module, name, what):
        real = getattr(module, name)

        def counting(*given, **named):
            counts[what] += 1
            return real(*given, **named)

        monkeypatch.setattr(module, name, counting)

    count(fold, "judge_step", "steps")
    count(findings, "verify_tag", "tags")
    reader = verified.gather

    def gather(store, history, *, after=0):
        counts["claims"] += len(history.steps) - after
        return reader(store, history, after=after)

    monkeypatch.setattr(verified, "gather", gather)
    return counts


def test_the_second_run_looks_at_new_steps_only(registry, counted):
    steps = registry.history().length
    counted.update(steps=0)
    first = run(registry)
    assert counted == {"steps": steps, "claims": steps, "tags": 3}
    assert run(registry) == first
    assert counted == {"steps": steps, "claims": steps, "tags": 3}
    registry.live("fraud", "1.1.0", "staging")
    registry.version("fraud", "1.2.0")
    new = registry.history().length - steps
    counted.update(steps=0, claims=0, tags=0)
    second = run(registry)
    assert counted == {"steps": new, "claims": new, "tags": 1}
    assert second.steps["accepted"] == first.steps["accepted"] + new
    assert (second.faults, second.holds) == ((), True)


def test_what_it_says_is_what_a_replay_says(registry):
    run(registry)
    registry.commit(stories.stage_file(registry, "1.1.0", "production"), land=True)
    registry.live("spam", "1.0.0", "production")
    assert run(registry) == run(registry, anew=True)
    assert run(registry).blocked


def test_all_is_judged_when_that_is_asked_for(registry, counted):
    run(registry)
    steps = registry.history().length
    counted.update(steps=0, claims=0, tags=0)
    run(registry, anew=True)
    assert counted == {"steps": steps, "claims": steps, "tags": 3}


@pytest.mark.parametrize("file", ["prefix.json", "steps.jsonl", "verified.json"])
@pytest.mark.parametrize("harm", ["gone", "cut", "changed"])
def test_a_kept_file_that_is_gone_or_damaged_changes_no_answer(registry, file, harm):
    first = run(registry)
    path = cache_path(registry.store.common_dir).with_name(file)
    data = path.read_bytes()
    middle = len(data) // 2
    if harm == "gone":
        path.unlink()
    elif harm == "cut":
        path.write_bytes(data[:middle])
    else:
        path.write_bytes(data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :])
    assert run(registry) == first
    assert path.exists()


def test_lies_are_found_once_and_told_every_time(registry):
    registry.commit(
        stories.stage_file(registry, "1.1.0", "staging"), land=True, reason="x\nGm-Event: quarantine\nGm-To: 9.9.9"
    )
    found = run(registry, anew=True)
    assert run(registry) == found


def test_a_tag_that_moved_is_looked_at_again(registry, counted):
    run(registry)
    registry.tag("fraud@v1.0.0", registry.tip)
    counted.update(tags=0)
    assert "stands on" in run(registry).faults[0].what
    assert counted["tags"] == 1


def test_other_people_are_a_reason_to_look_at_every_tag_again(registry, counted):
    run(registry)
    change = registry.draft(
        "-", {"policies/people.yaml": stories.people_without("domain2")}, by="owner", event="people"
    )
    registry.approve(change, "raio")
    registry.merge(change, by="owner")
    counted.update(tags=0)
    run(registry)
    assert counted["tags"] == 3


def test_from_another_pin_nothing_that_was_kept_is_used(registry, counted):
    run(registry)
    other = registry.history().steps[0].oid
    session = open_session(registry.path, clock=registry.clock, pin=other)
    counted.update(steps=0, claims=0, tags=0)
    replay_all(session)
    before = verified_path(registry.store.common_dir).read_bytes()
    assert verify(session).pin == other
    assert counted["tags"] == 3
    assert verified_path(registry.store.common_dir).read_bytes() == before


def test_what_is_kept_is_bound_to_the_line(registry, tmp_path):
    history, path = registry.history(), tmp_path / "verified.json"
    kept = Verified(history.length, {"a": ("lie",)}, {"tag": "b"}, {"1" * 64: ("2" * 40,)})
    save_verified(path, history, kept)
    assert load_verified(path, history) == kept
    assert load_verified(path, replace(history, pin=history.tip)) == Verified()
    assert load_verified(path, replace(history, steps=history.steps[1:])) == Verified()
    assert load_verified(path, replace(history, steps=history.steps[::-1])) == Verified()
    assert load_verified(tmp_path / "none", history) == Verified()
    (tmp_path / "list").write_bytes(b"x\n[]")
    assert load_verified(tmp_path / "list", history) == Verified()
