"""Bytes that may go: the record, the objects that no kept version shares, and what is said of the version then."""

import hashlib
from datetime import timedelta

import pytest

from gitops_models.artifacts.manifests import ManifestEntry, render_manifest
from gitops_models.errors import GmError
from gitops_models.policy.denied import Denied
from gitops_models.workflows.bytes import fetch_bytes
from gitops_models.workflows.deleting import delete_bytes, removable
from gitops_models.workflows.lifecycle import Already
from tests.support import stories
from tests.support.policy import digest
from tests.support.registry import PEOPLE
from tests.support.team import Team, gm

CHANGES = {"retention": {"keep_days": 30, "delete": ["raio", "oversight-committee"]}}


def md5(data):
    return hashlib.md5(data).hexdigest()


class Remote:
    """A DVC remote in a directory; its objects stand for the bytes that lineages name."""

    def __init__(self, root, story):
        self.root = root
        local = story.store.git_dir / ".dvc" / "config.local"
        local.parent.mkdir()
        local.write_text(f"[core]\n    remote = here\n['remote \"here\"']\n    url = {root}\n")

    def put(self, name, data):
        path = self.root / "files" / "md5" / name[:2] / name[2:]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def file(self, path, text, role="weights"):
        data = text.encode()
        self.put(md5(data), data)
        return {"path": path, "role": role, "sha256": digest(text), "size": len(data), "md5": md5(data)}

    def folder(self, path, role="preprocessing", **files):
        for text in files.values():
            self.put(md5(text.encode()), text.encode())
        entries = [ManifestEntry(name, md5(text.encode())) for name, text in files.items()]
        manifest = render_manifest(entries)
        name = f"{md5(manifest)}.dir"
        self.put(name, manifest)
        size = sum(len(text) for text in files.values())
        return {"path": path, "role": role, "sha256": digest(name), "size": size, "md5": name}


@pytest.fixture
def told(tmp_path):
    """1.0.0 and 1.1.0 share a file of their own directories, and 1.2.0 a whole artifact with 1.0.0."""
    story = stories.registry(tmp_path / "registry.git", changes=CHANGES)
    remote = Remote(tmp_path / "remote", story)
    shared = remote.file("prep.bin", "shared preparation", "preprocessing")
    one = [remote.file("model.onnx", "weights 1.0.0"), remote.folder("tok", a="vocabulary one", b="merges")]
    two = [remote.file("model.onnx", "weights 1.1.0"), remote.folder("tok", a="vocabulary two", b="merges")]
    story.version("fraud", "1.0.0", artifacts=[*one, shared])
    story.version("fraud", "1.1.0", artifacts=two)
    story.version("fraud", "1.2.0", artifacts=[remote.file("model.onnx", "weights 1.2.0"), shared])
    story.clock.tick(days=31)
    story.remote, story.one, story.shared = remote, one, shared
    return story


def deleted(story, reference="fraud@1.0.0"):
    story.clock.tick()
    proposal = delete_bytes(story.session("raio"), reference, "kept long enough").proposal
    story.approve(proposal, "raio2", "board1")
    return story.merge(proposal, by="raio")


@pytest.mark.clause("B-9-4", "B-7-6")
def test_the_record_names_the_versions_own_bytes_and_only_what_nobody_shares_may_go(told):
    with told.untouched(), pytest.raises(GmError) as refused:
        list(removable(told.session("raio"), "fraud@1.0.0"))
    assert refused.value.code == "GM-C252"
    deleted(told)
    found = {one.md5 for one in removable(told.session("raio"), "fraud@1.0.0")}
    weights, folder = told.one
    assert found == {weights["md5"], folder["md5"], md5(b"vocabulary one")}
    assert all(one.address.startswith(str(told.remote.root)) for one in removable(told.session("raio"), "fraud@1.0.0"))
    assert told.remote.root.joinpath("files/md5", weights["md5"][:2], weights["md5"][2:]).exists()


def test_where_it_cannot_be_told_what_is_shared_nothing_is_named(told):
    deleted(told)
    other = told.history().state.snapshot.lineage("fraud", "1.1.0").artifact("tok").md5
    told.remote.put(other, b"no manifest")
    with pytest.raises(GmError) as refused:
        list(removable(told.session("raio"), "fraud@1.0.0"))
    assert refused.value.code == "GM-A211"


@pytest.mark.clause("B-9-4", "B-3-3")
def test_afterwards_the_lineage_is_there_and_the_bytes_are_said_to_be_gone(told, tmp_path):
    deleted(told)
    session = told.session("engineer")
    with pytest.raises(GmError) as refused:
        fetch_bytes(session, "fraud@1.0.0", tmp_path / "out")
    assert (refused.value.code, refused.value.message) == ("GM-C253", "deleted by raio: kept long enough")
    assert session.accepted.has_version("fraud", "1.0.0")
    with told.untouched(), pytest.raises(Denied) as denied:
        told.promote("fraud", "1.0.0", "staging")
    assert "GM-P530" in denied.value.verdict.codes


def test_a_second_run_finds_it_done_and_the_last_version_takes_what_was_shared_along(told):
    deleted(told)
    with told.untouched():
        assert isinstance(delete_bytes(told.session("raio"), "fraud@1.0.0", "again"), Already)
    deleted(told, "fraud@1.2.0")
    assert told.shared["md5"] in {one.md5 for one in removable(told.session("raio"), "fraud@1.2.0")}


def test_bytes_that_all_are_shared_are_not_deleted(tmp_path):
    free = {"lineage": {"require": ["artifacts"], "coverage": []}}
    story = stories.registry(tmp_path / "registry.git", changes={**CHANGES, **free})
    shared = [{"path": "p", "role": "preprocessing", "sha256": digest("p"), "size": 1, "md5": md5(b"p")}]
    for version in ("1.0.0", "1.1.0"):
        story.version("fraud", version, artifacts=shared)
    story.clock.tick(days=31)
    with story.untouched(), pytest.raises(GmError) as refused:
        delete_bytes(story.session("raio"), "fraud@1.0.0", "old")
    assert refused.value.code == "GM-C251"


@pytest.mark.clause("B-9-4")
@pytest.mark.attack("deletion of bytes by direct push", "GM-P401", by="insider")
def test_a_deletion_without_approval_lands_nowhere(told):
    opened = delete_bytes(told.session("raio"), "fraud@1.0.0", "old")
    assert opened.evaluation.verdict.codes == ("GM-P401",)
    path = opened.files[0]
    entry = opened.evaluation.change.after.entry(path)
    told.commit({path: entry}, by="raio", land=True)
    assert told.statuses()[-1] in {"denied", "pending"}
    with pytest.raises(GmError) as refused:
        list(removable(told.session("raio"), "fraud@1.0.0"))
    assert refused.value.code == "GM-C252"


def test_before_its_time_a_version_keeps_its_bytes(told):
    told.clock.time -= timedelta(days=5)
    with told.untouched(), pytest.raises(Denied) as denied:
        delete_bytes(told.session("raio"), "fraud@1.0.0", "too early")
    assert "GM-P528" in denied.value.verdict.codes


def test_the_command_proposes_lists_and_excludes(tmp_path, home):
    team = Team(tmp_path, home, PEOPLE, policy="minimal", retention={"keep_days": 1, "delete": ["raio"]})
    team.registry.version("fraud", "1.0.0")
    clone = team.clone("raio")
    refused = gm(clone, "retire", "fraud@1.0.0", "--prune", "--json")
    assert (refused.status, refused.error["code"]) == (6, "GM-C252")
    both = gm(clone, "retire", "fraud@1.0.0", "--prune", "--undeploy", "--json")
    assert (both.status, both.error["code"]) == (2, "GM-C002")
    plan = gm(clone, "retire", "fraud@1.0.0", "--delete-bytes", "-m", "old", "--dry-run", "--json")
    early = [one["code"] for one in plan.error["verdict"]["findings"]]
    assert (plan.status, early) == (3, ["GM-P401", "GM-P528"])
