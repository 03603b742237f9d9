from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_models.delivery.plan import drift, noted, plan
from gitops_models.delivery.values import (
    DriftKind,
    LinkState,
    ModelStage,
    Note,
    Observation,
    Retire,
    Standing,
    StoredEntry,
    Switch,
    Tidy,
)
from gitops_models.registry.canonical import FileDigest
from tests.support.delivery import deployment, desired

AT = ModelStage("fraud", "production")
OLD, NEW = deployment("1.0.0", {"model.onnx": b"one"}), deployment("1.1.0", {"model.onnx": b"two"})


def served(wanted, *others, previous=None, files=None, note=True):
    entries = (*(StoredEntry(other.digest, n) for n, other in enumerate(others)), StoredEntry(wanted.digest, 99))
    return Observation(
        AT,
        LinkState.STORE,
        wanted.digest,
        wanted.artifacts if files is None else files,
        entries,
        previous,
        noted(wanted) if note else None,
    )


def test_what_is_served_and_desired_needs_nothing():
    assert plan(desired(NEW), served(NEW)) == ()
    assert drift(desired(NEW), served(NEW)) == ()


def test_first_deployment_is_one_switch_and_no_drift():
    seen = Observation(AT)
    assert plan(desired(NEW), seen) == (Switch(NEW),)
    assert drift(desired(NEW), seen) == ()


def test_promotion_switches_and_names_the_old_entry_as_previous():
    assert plan(desired(NEW), served(OLD)) == (Switch(NEW, previous=OLD.digest),)
    assert drift(desired(NEW), served(OLD)) == ()


def test_promotion_over_a_corrupted_version_never_makes_it_previous():
    broken = served(OLD, files=(FileDigest("model.onnx", 3, "0" * 64),))
    assert plan(desired(NEW), broken) == (Switch(NEW), Tidy(AT, quarantine=(OLD.digest,)))


@pytest.mark.parametrize(
    ("files", "kinds"),
    [
        ((FileDigest("model.onnx", 3, "0" * 64),), {DriftKind.CHANGED_BYTES}),
        ((), {DriftKind.MISSING_FILE}),
        ((*NEW.artifacts, FileDigest("extra.bin", 1, "1" * 64)), {DriftKind.EXTRA_FILE}),
        ((FileDigest("model.onnx/part", 3, "0" * 64),), {DriftKind.CHANGED_BYTES}),
    ],
)
def test_changed_missing_and_extra_files_are_drift_and_are_healed(files, kinds):
    seen = served(NEW, files=files)
    assert {found.kind for found in drift(desired(NEW), seen)} == kinds
    assert plan(desired(NEW), seen) == (Switch(NEW),)


def test_a_link_to_another_version_is_drift_only_when_this_one_had_been_deployed():
    moved = replace(served(OLD, NEW), noted=noted(NEW))
    assert [found.kind for found in drift(desired(NEW), moved)] == [DriftKind.CHANGED_LINK]
    assert drift(desired(NEW), served(OLD, NEW)) == ()


def test_a_link_that_leads_elsewhere_is_drift():
    seen = replace(served(NEW), link_state=LinkState.FOREIGN, link=None, files=())
    assert [found.kind for found in drift(desired(NEW), seen)] == [DriftKind.CHANGED_LINK]
    assert isinstance(plan(desired(NEW), seen)[0], Switch)


def test_a_link_that_is_gone_is_drift():
    seen = replace(served(NEW), link_state=LinkState.MISSING, link=None, files=())
    assert [str(found) for found in drift(desired(NEW), seen)] == ["missing-link: current"]
    assert plan(desired(NEW), seen) == (Switch(NEW),)


def test_a_note_that_lies_is_written_again_and_nothing_is_switched():
    assert plan(desired(NEW), served(NEW, note=False)) == (Note(NEW),)


def test_undeploying_retires_and_remembers_the_last_entry():
    assert plan(desired(None, at=AT), served(OLD)) == (Retire(AT, previous=OLD.digest),)
    assert plan(desired(None, at=AT), Observation(AT)) == ()
    uninvited = served(OLD, note=False)
    assert [found.kind for found in drift(desired(None, at=AT), uninvited)] == [DriftKind.CHANGED_LINK]


@pytest.mark.parametrize("standing", [Standing.SUSPENDED, Standing.UNKNOWN])
def test_suspended_and_unreadable_models_are_left_alone(standing):
    assert plan(desired(NEW, standing=standing), served(OLD)) == ()


def test_a_barred_version_is_neither_installed_nor_taken_away():
    barred = desired(NEW, standing=Standing.QUARANTINED, quarantined=frozenset({NEW.digest}))
    assert plan(barred, served(OLD)) == ()
    assert plan(barred, served(NEW)) == ()


def test_quarantined_bytes_leave_the_store_after_the_switch():
    wanted = desired(OLD, quarantined=frozenset({NEW.digest}))
    assert plan(wanted, served(NEW, OLD)) == (Switch(OLD), Tidy(AT, quarantine=(NEW.digest,)))
    assert plan(wanted, served(OLD, NEW, previous=NEW.digest)) == (
        Tidy(AT, quarantine=(NEW.digest,), drop_previous=True),
    )


def test_another_generation_of_the_live_version_is_set_aside():
    twin = replace(served(NEW), entries=(StoredEntry(NEW.digest, 1), StoredEntry(f"{NEW.digest}.1", 2)))
    assert plan(desired(NEW), twin) == (Tidy(AT, quarantine=(f"{NEW.digest}.1",)),)


@pytest.mark.clause("A-limits-6")
def test_tidying_keeps_the_newest_the_previous_and_the_last_known_good():
    older = [deployment(f"0.{n}.0", {"model.onnx": bytes([n])}) for n in range(6)]
    wanted = desired(NEW, keep=frozenset({older[0].digest}))
    seen = served(NEW, *older, previous=older[1].digest)
    pruned = {older[2].digest, older[3].digest}
    assert plan(wanted, seen, keep=2) == (Tidy(AT, prune=tuple(sorted(pruned))),)


def test_what_a_killed_run_left_is_removed():
    seen = replace(served(NEW), leftovers=("store/.x.new",))
    assert plan(desired(NEW), seen) == (Tidy(AT, leftovers=("store/.x.new",)),)


@pytest.mark.clause("A-limits-6")
@given(st.sampled_from(list(Standing)), st.booleans(), st.booleans())
def test_no_plan_prunes_or_sets_aside_what_stays_live(standing, barred, corrupt):
    quarantined = frozenset({NEW.digest}) if barred else frozenset()
    files = (FileDigest("model.onnx", 3, "0" * 64),) if corrupt else None
    wanted = desired(NEW, standing=standing, quarantined=quarantined)
    actions = plan(wanted, served(NEW, OLD, files=files), keep=0)
    switching = any(isinstance(action, Switch) for action in actions)
    touched = {name for action in actions if isinstance(action, Tidy) for name in (*action.quarantine, *action.prune)}
    assert switching or NEW.digest not in touched
