import gc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_models.errors import GmError
from gitops_models.registry import documents as docs
from gitops_models.registry.paths import Layout
from gitops_models.registry.snapshot import Entry, Snapshot
from tests.support.documents import Documents, MemoryBlobs
from tests.support.refusals import why_refused


def full() -> Documents:
    tree = Documents().repository().policy().people(docs.Person(id="a", emails=("a@b.c",)))
    tree.model("fraud").version("fraud", "1.0.0").version("fraud", "1.10.0").version("fraud", "1.9.0")
    tree.stage("fraud", "production", "1.0.0").stage("fraud", "development", "1.9.0")
    return tree.model("churn")


def test_a_listing_reads_no_blob():
    tree = full()
    snapshot = tree.snapshot()
    assert snapshot.models() == ("churn", "fraud")
    assert snapshot.versions("fraud") == ("1.0.0", "1.9.0", "1.10.0")
    assert snapshot.stages("fraud") == ("development", "production")
    assert snapshot.pointers("fraud", "1.0.0") == ("model.onnx",)
    assert snapshot.scope_names() == ("model:churn", "model:fraud", "policy")
    assert (snapshot.has_model("fraud"), snapshot.has_model("x")) == (True, False)
    assert (snapshot.has_version("fraud", "1.9.0"), snapshot.has_version("fraud", "9.9.9")) == (True, False)
    assert tree.blobs.reads == []


def test_a_blob_is_parsed_once_for_all_snapshots_of_a_source():
    tree = full()
    first = tree.snapshot()
    assert first.model("fraud") is first.model("fraud")
    second = tree.copy().stage("fraud", "staging", "1.9.0").snapshot()
    assert second.model("fraud") is first.model("fraud")
    assert second.sha256("gm.yaml") == first.sha256("gm.yaml")
    assert len(tree.blobs.reads) == 2


def test_a_source_that_nobody_uses_is_forgotten_with_its_documents():
    import weakref  # noqa: PLC0415

    tree = full()
    tree.snapshot().model("fraud")
    gone = weakref.ref(tree.blobs)
    del tree
    gc.collect()
    assert gone() is None


def test_documents_are_read_by_what_they_are():
    snapshot = full().snapshot()
    assert snapshot.repository().id == "test-repository"
    assert snapshot.people().person("a")
    assert snapshot.targets() == docs.Targets()
    assert snapshot.lineage("fraud", "1.0.0").version == "1.0.0"
    assert snapshot.stage_state("fraud", "production").lineage_sha256 == snapshot.lineage_sha256("fraud", "1.0.0")
    assert snapshot.stage_state("fraud", "staging") is None
    assert snapshot.data("models/fraud/versions/1.0.0/model.onnx.dvc") == b"outs: [fraud 1.0.0 model.onnx]\n"


def test_targets_are_read_when_there_are_some():
    target = docs.Target(id="eu", stage="production")
    assert full().targets(target).snapshot().targets().targets == (target,)


def test_what_is_not_there_is_not_found():
    snapshot = full().snapshot()
    assert why_refused(snapshot.model, "x") == "GM-D030"
    assert why_refused(snapshot.lineage, "fraud", "9.9.9") == "GM-D030"
    assert why_refused(snapshot.data, "models/x/model.yaml") == "GM-D030"
    assert why_refused(snapshot.place, "README.md") == "GM-D031"
    assert snapshot.entry("README.md") is None
    assert snapshot.entry("models/x/model.yaml") is None
    assert snapshot.sha256("models/x/model.yaml") is None
    assert len(snapshot.scope("model:x")) == 0
    assert snapshot.versions("x") == ()
    assert why_refused(Snapshot.empty(Layout(), MemoryBlobs()).repository) == "GM-D030"


def test_a_document_must_be_of_the_kind_that_belongs_to_its_path():
    tree = full()
    model = tree.blobs.content[tree.entries["models/fraud/model.yaml"].oid]
    tree.file("models/fraud/stages/production.yaml", model).file("models/fraud/versions/1.0.0/x.dvc", model)
    snapshot = tree.snapshot()
    assert why_refused(snapshot.stage_state, "fraud", "production") == "GM-D022"
    assert why_refused(snapshot.document, "models/fraud/versions/1.0.0/x.dvc") == "GM-D022"


def test_a_bad_document_names_each_path_it_is_read_at():
    tree = Documents().file("models/a/model.yaml", b"x").file("models/b/model.yaml", b"x")
    snapshot = tree.snapshot()
    for model in ("a", "b"):
        with pytest.raises(GmError) as caught:
            snapshot.model(model)
        assert (caught.value.code, caught.value.where) == ("GM-D007", f"models/{model}/model.yaml")


def test_holds_count_by_number_and_the_last_one_decides():
    tree = full()
    assert tree.snapshot().held("fraud", "production") is None
    tree.hold("fraud", "production", 9, "hold").hold("fraud", "production", 10, "lift")
    assert [hold.action for hold in tree.snapshot().holds("fraud", "production")] == ["hold", "lift"]
    assert tree.snapshot().held("fraud", "production") is None
    tree.hold("fraud", "production", 11, reason="again")
    assert tree.snapshot().held("fraud", "production").reason == "again"
    assert tree.snapshot().held("fraud", "staging") is None


def test_a_quarantine_stands_until_it_is_released():
    tree = (
        full()
        .quarantine("fraud", "1.10.0", 1, digests=("1" * 64,))
        .quarantine("fraud", "1.9.0", 1, digests=("2" * 64,))
    )
    snapshot = tree.snapshot()
    assert snapshot.quarantined_versions("fraud") == ("1.9.0", "1.10.0")
    assert snapshot.quarantined_digests("fraud") == {"1" * 64, "2" * 64}
    snapshot = tree.quarantine("fraud", "1.9.0", 2, "release").snapshot()
    assert not snapshot.quarantined("fraud", "1.9.0")
    assert snapshot.quarantined_digests("fraud") == {"1" * 64}
    assert not snapshot.quarantined("fraud", "1.0.0")


def test_a_further_quarantine_adds_to_what_is_barred_until_the_release():
    tree = full().quarantine("fraud", "1.9.0", 1, digests=("1" * 64,)).quarantine("fraud", "1.9.0", 2)
    assert tree.snapshot().quarantined_digests("fraud") == {"1" * 64}
    tree.quarantine("fraud", "1.9.0", 3, "release").quarantine("fraud", "1.9.0", 4, digests=("2" * 64,))
    assert tree.snapshot().quarantined_digests("fraud") == {"2" * 64}
    assert [record.digests for record in tree.snapshot().standing_quarantines("fraud", "1.9.0")] == [("2" * 64,)]


def test_suspension_ends_and_retirement_does_not():
    tree = full()
    assert not tree.snapshot().suspended("fraud")
    assert tree.status("fraud", 1, "suspend").snapshot().suspended("fraud")
    assert not tree.status("fraud", 2, "resume").snapshot().suspended("fraud")
    snapshot = tree.status("fraud", 3, "retire", "1.0.0").snapshot()
    assert (snapshot.retired("fraud"), snapshot.retired("fraud", "1.0.0")) == (False, True)
    snapshot = tree.status("fraud", 4, "retire").status("fraud", 5, "resume").snapshot()
    assert (snapshot.retired("fraud"), snapshot.retired("fraud", "1.9.0")) == (True, True)


def test_evidence_and_causes_come_in_the_order_of_their_names():
    tree = full().evidence("fraud", "1.0.0", "b", result="failed").evidence("fraud", "1.0.0", "a")
    snapshot = tree.cause("fraud", "c2").cause("fraud", "c1").snapshot()
    assert snapshot.evidence_names("fraud", "1.0.0") == ("a", "b")
    assert [evidence.result for evidence in snapshot.evidence("fraud", "1.0.0")] == ["passed", "failed"]
    assert [cause.id for cause in snapshot.causes("fraud")] == ["c1", "c2"]


def test_a_submodule_has_a_digest_although_it_has_no_content():
    snapshot = Snapshot.empty(Layout(), MemoryBlobs()).with_entries({"models/a/x": Entry(0o160000, "0" * 40)})
    assert snapshot.sha256("models/a/x")


def test_another_scope_is_set_and_emptied():
    snapshot = full().snapshot()
    without = snapshot.with_scope("model:fraud", {})
    assert without.models() == ("churn",)
    assert without.with_scope("model:fraud", snapshot.scope("model:fraud")).models() == ("churn", "fraud")
    assert snapshot.models() == ("churn", "fraud")


def test_ungoverned_paths_are_left_out():
    snapshot = Documents().file("README.md", b"x").snapshot()
    assert snapshot.scope_names() == ()


actions = st.lists(
    st.tuples(
        st.sampled_from(["1.0.0", "1.1.0", "2.0.0"]),
        st.sampled_from(["lineage", "pointer", "evidence", "stage", "hold", "README"]),
        st.booleans(),
    ),
    max_size=12,
)


@given(actions)
def test_the_index_kept_up_along_the_way_equals_one_made_from_scratch(steps):
    tree = Documents().model("fraud")
    snapshot = tree.snapshot()
    snapshot.models()
    layout = tree.layout
    for version, what, present in steps:
        path = {
            "lineage": layout.lineage_path("fraud", version),
            "pointer": layout.pointer_path("fraud", version, "x"),
            "evidence": layout.evidence_path("fraud", version, "e"),
            "stage": layout.stage_path("fraud", "staging"),
            "hold": layout.hold_path("fraud", "staging", int(version[0])),
            "README": "models/fraud/README.md",
        }[what]
        entry = Entry(0o100644, version) if present else None
        snapshot = snapshot.with_entries({path: entry})
        fresh = Snapshot(layout, {name: dict(snapshot.scope(name)) for name in snapshot.scope_names()}, tree.blobs)
        for reading in (
            lambda s: s.versions("fraud"),
            lambda s: s.stages("fraud"),
            lambda s: [s.pointers("fraud", v) + s.evidence_names("fraud", v) for v in s.versions("fraud")],
            lambda s: s.hold_numbers("fraud", "staging"),
            lambda s: s.status_numbers("fraud"),
            lambda s: set(s.scope("model:fraud")),
        ):
            assert reading(snapshot) == reading(fresh)


def test_the_same_files_can_be_read_from_another_source():
    tree = full()
    snapshot = tree.snapshot()
    other = full()
    moved = snapshot.reading(other.blobs)
    assert moved.model("fraud") == snapshot.model("fraud")
    assert len(other.blobs.reads) == 1
    assert moved.reading(other.blobs) is moved
    assert len(moved.scope("policy")) == 3
    assert "gm.yaml" in moved.scope("policy")
