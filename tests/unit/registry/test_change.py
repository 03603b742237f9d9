import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_models.registry import documents as docs
from gitops_models.registry import events as ev
from gitops_models.registry.change import change_id, diff
from gitops_models.registry.paths import Layout
from gitops_models.registry.snapshot import Entry
from gitops_models.registry.state import AcceptedState
from tests.support.documents import STAGES, Documents, History

V = "models/fraud/versions"


def base() -> Documents:
    tree = Documents().repository().policy().people(docs.Person(id="a", emails=("a@b.c",)))
    tree.model("fraud").version("fraud", "1.0.0").version("fraud", "1.1.0").stage("fraud", "staging", "1.0.0")
    return tree.model("churn").version("churn", "1.0.0")


def change_from(before: Documents, after: Documents, **options):
    return History(before).diff(after, **options)


def names(change):
    return [event.name for event in change.events]


def only(change):
    (event,) = change.events
    return event


def test_equal_trees_differ_in_nothing():
    change = change_from(base(), base())
    assert change.empty
    assert (change.paths, change.scopes, change.models) == ((), frozenset(), ())
    assert change.after is change.before
    state = History(base()).state
    assert diff(state, state.snapshot).empty


@pytest.mark.clause("B-7-1")
@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (lambda tree: tree.policy(b"x: 1\n"), ["policy-changed"]),
        (lambda tree: tree.people(), ["people-changed"]),
        (lambda tree: tree.targets(), ["targets-changed"]),
        (lambda tree: tree.file("policies/waivers/w.yaml", b"x"), ["waiver-added"]),
        (lambda tree: tree.repository(line="other"), ["other-governed"]),
        (lambda tree: tree.file(".dvc/config", b"x"), ["other-governed"]),
        (lambda tree: tree.file("models/.gitignore", b"x"), ["other-governed"]),
        (lambda tree: tree.file(".github/CODEOWNERS", b"x"), ["other-governed"]),
        (lambda tree: tree.file(".github/workflows/gm-x.yml", b"x"), ["other-governed"]),
        (lambda tree: tree.file("policies/README.md", b"x"), ["other-governed"]),
        (lambda tree: tree.file("policies/tests/t.yaml", b"x"), ["other-governed"]),
        (lambda tree: tree.model("new"), ["model-added"]),
        (lambda tree: tree.model("fraud", risk="high"), ["model-changed"]),
        (lambda tree: tree.file("models/fraud/triggers.yaml", b"x"), ["triggers-changed"]),
        (lambda tree: tree.version("fraud", "2.0.0"), ["version-registered"]),
        (lambda tree: tree.evidence("fraud", "1.0.0", "e"), ["evidence-added"]),
        (lambda tree: tree.file(f"{V}/1.0.0/evidence/model.sig", b"x"), ["evidence-added"]),
        (lambda tree: tree.stage("fraud", "production", "1.0.0"), ["promoted"]),
        (lambda tree: tree.stage("fraud", "staging", "1.1.0"), ["promoted"]),
        (lambda tree: tree.remove("models/fraud/stages/staging.yaml"), ["undeployed"]),
        (lambda tree: tree.hold("fraud", "staging", 1), ["hold-placed"]),
        (lambda tree: tree.hold("fraud", "staging", 1, "lift"), ["hold-lifted"]),
        (lambda tree: tree.quarantine("fraud", "1.0.0", 1), ["quarantined"]),
        (lambda tree: tree.quarantine("fraud", "1.0.0", 1, "release"), ["quarantine-released"]),
        (lambda tree: tree.cause("fraud", "c"), ["cause-opened"]),
        (lambda tree: tree.cause("fraud", "c", resolved=True), ["cause-opened", "cause-resolved"]),
        (lambda tree: tree.status("fraud", 1, "suspend"), ["suspended"]),
        (lambda tree: tree.status("fraud", 1, "resume"), ["resumed"]),
        (lambda tree: tree.status("fraud", 1, "retire", "1.0.0"), ["retired"]),
    ],
)
def test_each_edit_is_the_event_it_means(edit, expected):
    change = change_from(base(), edit(base()))
    assert names(change) == expected
    assert {path for event in change.events for path in event.paths} == {path.path for path in change.paths}


def test_a_registration_names_the_lineage_and_its_pointers():
    tree = base().version("fraud", "2.0.0", pointers=("b.onnx", "a"))
    event = only(change_from(base(), tree))
    assert event == ev.VersionRegistered(
        paths=(f"{V}/2.0.0/lineage.yaml", f"{V}/2.0.0/a.dvc", f"{V}/2.0.0/b.onnx.dvc"), model="fraud", version="2.0.0"
    )


def test_a_promotion_says_from_where_to_where_and_which_lineage():
    after = base().stage("fraud", "staging", "1.1.0")
    event = only(change_from(base(), after))
    assert event == ev.Promoted(
        paths=("models/fraud/stages/staging.yaml",),
        model="fraud",
        stage="staging",
        from_version="1.0.0",
        to_version="1.1.0",
        lineage_sha256=after.snapshot().lineage_sha256("fraud", "1.1.0"),
    )


def test_a_stage_state_that_is_written_otherwise_for_the_same_version_is_a_promotion():
    tree = base()
    data = tree.blobs.content[tree.entries["models/fraud/stages/staging.yaml"].oid]
    event = only(change_from(base(), tree.file("models/fraud/stages/staging.yaml", data + b"# once more\n")))
    assert (event.name, event.from_version, event.to_version) == ("promoted", "1.0.0", "1.0.0")


def test_going_back_below_the_top_is_a_rollback_and_the_popped_version_is_promoted_again():
    history = History(base())
    history.accept(history.tree.copy().stage("fraud", "staging", "1.1.0"))
    back = history.accept(history.tree.copy().stage("fraud", "staging", "1.0.0"))
    assert (only(back).name, only(back).from_version, only(back).to_version) == ("rolled-back", "1.1.0", "1.0.0")
    again = history.accept(history.tree.copy().stage("fraud", "staging", "1.1.0"))
    assert only(again).name == "promoted"


def test_a_cause_is_opened_changed_resolved_and_reopened():
    history = History(base().cause("fraud", "c"))
    tree = history.tree.copy
    assert names(history.accept(tree().cause("fraud", "c", severity="low"))) == ["cause-opened"]
    assert names(history.accept(tree().cause("fraud", "c", severity="low", resolved=True))) == ["cause-resolved"]
    assert names(history.accept(tree().cause("fraud", "c"))) == ["cause-opened"]


def test_removing_a_waiver_triggers_or_targets_is_an_event():
    extra = base().file("policies/waivers/w.yaml", b"x").file("models/fraud/triggers.yaml", b"x").targets()
    assert names(change_from(extra, base())) == ["targets-changed", "other-governed", "triggers-changed"]


@pytest.mark.parametrize(
    ("edit", "path", "reason", "why"),
    [
        (lambda tree: tree.file("models/fraud/x", b""), "models/fraud/x", "unknown", "no such file belongs here"),
        (lambda tree: tree.file("models/README.md", b""), "models/README.md", "unknown", "no such file belongs here"),
        (lambda tree: tree.file("gm.yaml", b"", 0o120000), "gm.yaml", "mode", "a symbolic link"),
        (lambda tree: tree.file("gm.yaml", b"", 0o100755), "gm.yaml", "mode", "executable"),
        (lambda tree: tree.file("gm.yaml", b"", 0o160000), "gm.yaml", "mode", "a submodule"),
        (lambda tree: tree.file("gm.yaml", b"", 0o100664), "gm.yaml", "mode", "of mode 100664"),
        (lambda tree: tree.remove("gm.yaml"), "gm.yaml", "removed", "a repository is never removed"),
        (lambda tree: tree.remove("policies/policy.yaml"), "policies/policy.yaml", "removed", "never removed"),
        (lambda tree: tree.remove("models/churn/model.yaml"), "models/churn/model.yaml", "removed", "never removed"),
        (lambda tree: tree.remove(f"{V}/1.0.0/lineage.yaml"), f"{V}/1.0.0/lineage.yaml", "removed",
         "a lineage is never"),
        (lambda tree: tree.remove(f"{V}/1.0.0/model.onnx.dvc"), f"{V}/1.0.0/model.onnx.dvc", "removed", "a pointer is"),
        (lambda tree: tree.version("fraud", "1.0.0", author="b"), f"{V}/1.0.0/lineage.yaml", "edited", "never edited"),
        (lambda tree: tree.file(f"{V}/1.0.0/model.onnx.dvc", b""), f"{V}/1.0.0/model.onnx.dvc", "edited",
         "never edited"),
        (lambda tree: tree.file(f"{V}/1.0.0/new.dvc", b""), f"{V}/1.0.0/new.dvc", "edited", "gains no pointer"),
        (lambda tree: tree.file(f"{V}/3.0.0/new.dvc", b""), f"{V}/3.0.0/new.dvc", "orphan", "without a lineage"),
        (lambda tree: tree.evidence("fraud", "3.0.0", "e"), f"{V}/3.0.0/evidence/e.yaml", "orphan", "not registered"),
        (lambda tree: tree.file("models/fraud/holds/staging/1.yaml", b"x: 1\n"), "models/fraud/holds/staging/1.yaml",
         "invalid", "the document is not valid: GM-D020"),
        (lambda tree: tree.file("models/fraud/stages/staging.yaml", b"x"), "models/fraud/stages/staging.yaml",
         "invalid",
         "the document is not valid: GM-D007"),
        (lambda tree: tree.file("models/fraud/stages/staging.yaml", tree.blobs.content[tree.entries["gm.yaml"].oid]),
         "models/fraud/stages/staging.yaml", "invalid", "GM-D022: a Repository where StageState belongs"),
    ],
)  # fmt: skip
def test_what_no_policy_can_allow_is_forbidden_with_its_reason(edit, path, reason, why):
    event = only(change_from(base(), edit(base())))
    assert (event.path, event.paths, event.reason) == (path, (path,), reason)
    assert why in event.why


@pytest.mark.parametrize(
    "edit",
    [
        lambda tree: tree.evidence("fraud", "1.0.0", "e", result="failed"),
        lambda tree: tree.hold("fraud", "staging", 1, "lift"),
        lambda tree: tree.quarantine("fraud", "1.0.0", 1, "release"),
        lambda tree: tree.status("fraud", 1, "resume"),
        lambda tree: tree.file(f"{V}/1.0.0/evidence/model.sig", b"y"),
    ],
)
def test_what_is_add_only_cannot_be_edited(edit):
    before = base().evidence("fraud", "1.0.0", "e").hold("fraud", "staging", 1).quarantine("fraud", "1.0.0", 1)
    before.status("fraud", 1, "suspend").file(f"{V}/1.0.0/evidence/model.sig", b"x")
    change = change_from(before, edit(before.copy()))
    assert only(change).reason == "edited"
    (edited,) = change.edited()
    assert change.edited(edited.place.kind) == (edited,)
    assert change.added() == change.removed() == change.edited("people") == ()


def test_a_file_that_never_belonged_may_go():
    before = base()
    before.entries["models/fraud/README.md"] = Entry(0o100644, before.blobs.put(b"x"))
    assert names(change_from(before, base())) == ["other-governed"]


def test_a_cause_that_is_gone_is_forbidden_and_stands_under_removed():
    change = change_from(base().cause("fraud", "c"), base())
    assert only(change).reason == "removed"
    assert [path.path for path in change.removed("cause")] == ["models/fraud/causes/c.yaml"]


def test_events_come_in_the_order_in_which_they_are_judged():
    tree = base().model("new").file("models/new/x", b"").targets().policy(b"x").people().repository(line="x")
    tree.file("policies/waivers/w.yaml", b"").model("fraud", risk="high").file("models/fraud/triggers.yaml", b"")
    tree.version("fraud", "1.9.0").version("fraud", "1.10.0").evidence("fraud", "1.0.0", "e").cause("fraud", "c")
    for stage in ("zz", "aa", *STAGES):
        tree.stage("fraud", stage, "1.1.0")
    tree.hold("fraud", "staging", 10).hold("fraud", "staging", 9).quarantine("fraud", "1.1.0", 1)
    change = change_from(base(), tree.status("fraud", 1, "suspend"))
    assert names(change) == [
        "forbidden", "policy-changed", "people-changed", "targets-changed", "waiver-added", "other-governed",
        "model-added", "model-changed", "triggers-changed", "version-registered", "version-registered",
        "evidence-added", "cause-opened", *["promoted"] * 6, "hold-placed", "hold-placed", "quarantined", "suspended",
    ]  # fmt: skip
    assert [event.stage for event in change.of(ev.StageMove)] == [*STAGES, "aa", "zz"]
    assert [event.version for event in change.of(ev.VersionRegistered)] == ["1.9.0", "1.10.0"]
    assert [event.number for event in change.of(ev.HoldPlaced)] == [9, 10]
    assert change.models == ("fraud", "new")
    assert change.scopes == {"policy", "model:fraud", "model:new"}


def test_an_undeployment_stands_among_the_stage_moves():
    before = base().stage("fraud", "production", "1.0.0").stage("fraud", "development", "1.0.0")
    after = base().stage("fraud", "development", "1.1.0").stage("fraud", "staging", "1.1.0")
    change = change_from(before, after)
    assert [(event.name, event.stage) for event in change.events] == [
        ("promoted", "development"), ("promoted", "staging"), ("undeployed", "production")
    ]  # fmt: skip
    assert change.events[-1].from_version == "1.0.0"


def test_only_the_scopes_asked_for_are_compared_and_the_rest_stays_accepted():
    tree = base().model("fraud", risk="high").model("churn", risk="high").people()
    change = change_from(base(), tree, scopes=["model:churn"])
    assert [path.path for path in change.paths] == ["models/churn/model.yaml"]
    assert change.scopes == {"model:churn"}
    assert change.after.model("fraud").risk == "low"
    assert change.after.model("churn").risk == "high"


def test_a_blocked_scope_that_is_back_at_its_accepted_files_is_restored():
    state = AcceptedState.initial(base().snapshot(), "pin").block(
        ["model:churn"], step="s", change_id="c", codes=("GM-P401",)
    )
    back = diff(state, base().snapshot(), scopes=["model:churn"])
    assert back.events == (ev.Restored(paths=(), scope="model:churn"),)
    assert back.scopes == {"model:churn"}
    assert not back.empty
    assert diff(state, base().snapshot(), scopes=["model:fraud"]).empty
    still = diff(state, base().model("churn", risk="high").snapshot(), scopes=["model:churn"])
    assert names(still) == ["model-changed"]


def test_a_restoration_stands_behind_what_is_forbidden_and_before_all_else():
    state = AcceptedState.initial(base().snapshot(), "pin").block(["model:churn"], step="s", change_id="c", codes=())
    tree = base().file("models/fraud/x", b"").model("fraud", risk="high")
    assert names(diff(state, tree.snapshot())) == ["forbidden", "restored", "model-changed"]


def test_the_change_id_is_the_sha256_of_the_canonical_json_of_the_content():
    after = base().stage("fraud", "production", "1.0.0").model("fraud", risk="high")
    change = change_from(base(), after)
    contents = {path: after.blobs.content[entry.oid] for path, entry in after.entries.items()}
    old = base()
    model, stage = "models/fraud/model.yaml", "models/fraud/stages/production.yaml"
    before = hashlib.sha256(old.blobs.content[old.entries[model].oid]).hexdigest()
    expected = {
        "anchor": "a" * 40,
        "line": "main",
        "paths": [
            {"from": before, "path": model, "to": hashlib.sha256(contents[model]).hexdigest()},
            {"from": None, "path": stage, "to": hashlib.sha256(contents[stage]).hexdigest()},
        ],
        "repository": "r",
    }
    canonical = json.dumps(expected, separators=(",", ":"), sort_keys=True).encode()
    assert change_id("r", "main", change, "a" * 40) == hashlib.sha256(canonical).hexdigest()


def test_repository_line_anchor_and_content_each_make_another_id():
    change = change_from(base(), base().stage("fraud", "production", "1.0.0"))
    other = change_from(base(), base().stage("fraud", "production", "1.1.0"))
    ids = {
        change_id("r", "main", change, None), change_id("x", "main", change, None), change_id("r", "x", change, None),
        change_id("r", "main", change, "a"), change_id("r", "main", other, None),
    }  # fmt: skip
    assert len(ids) == 5


def test_submodules_and_names_that_are_not_utf_8_have_an_id_too():
    tree = base()
    tree.entries["models/fraud/\udcff"] = Entry(0o160000, "0" * 40)
    change = change_from(base(), tree)
    assert change_id("r", "main", change, None)
    tree.entries["models/fraud/\udcff"] = Entry(0o160000, "1" * 40)
    assert change_id("r", "main", change, None) != change_id("r", "main", change_from(base(), tree), None)


edits = st.lists(
    st.sampled_from(
        [
            lambda tree: tree.version("fraud", "2.0.0"),
            lambda tree: tree.stage("fraud", "staging", "1.1.0"),
            lambda tree: tree.stage("fraud", "production", "1.0.0"),
            lambda tree: tree.hold("fraud", "staging", 1),
            lambda tree: tree.model("new"),
            lambda tree: tree.people(),
            lambda tree: tree.entries.pop("models/fraud/stages/staging.yaml", None),
        ]
    ),
    max_size=5,
)


def edited(steps):
    tree = base()
    for step in steps:
        step(tree)
    return tree


@given(edits)
def test_accepting_a_difference_leaves_none(steps):
    history = History(base())
    tree = edited(steps)
    change = history.accept(tree)
    assert history.diff(tree).empty
    fresh, kept = tree.snapshot(), history.state.snapshot
    assert {scope: dict(kept.scope(scope)) for scope in kept.scope_names()} == {
        scope: dict(fresh.scope(scope)) for scope in fresh.scope_names()
    }
    assert change.empty == (not change.paths)


@given(edits, st.randoms())
def test_paths_and_events_do_not_depend_on_the_order_of_the_edits(steps, random):
    tree = edited(steps)
    items = list(tree.entries.items())
    random.shuffle(items)
    shuffled = tree.copy()
    shuffled.entries = dict(items)
    one, other = change_from(base(), tree), change_from(base(), shuffled)
    assert (one.paths, one.events) == (other.paths, other.events)
    assert change_id("r", "main", one, None) == change_id("r", "main", other, None)


@given(edits)
def test_every_changed_path_is_named_by_an_event(steps):
    change = change_from(base(), edited(steps))
    assert {path for event in change.events for path in event.paths} == {path.path for path in change.paths}


def test_a_tree_read_with_another_layout_is_not_compared():
    other = Documents(Layout("elsewhere")).model("fraud")
    with pytest.raises(ValueError, match="both must be read with one layout"):
        change_from(base(), other)
