"""Verdicts kept by ``gm trust verify``: what came with a repository is never taken for one's own."""

import shutil
from pathlib import Path

import pytest

from gitops_models.trust.verdicts import Judged, VerdictCache
from gitops_models.workflows import plumbing
from gitops_models.workflows.plumbing import Against, Selection, verify_objects
from tests.support.git import init_repository
from tests.support.keys import ed25519_key
from tests.support.signed import commit_bytes, sign_commit

EVERYTHING = Selection(everything=True)


@pytest.fixture
def repository(tmp_path, home):
    """A work tree with one commit that a stranger signed, and the keys it is held against beside it."""
    made = init_repository(tmp_path / "r", home)
    made.git("hash-object", "-w", "-t", "tree", "--stdin")
    raw = sign_commit(commit_bytes("ann"), ed25519_key("eve"))
    tip = made.git("hash-object", "-w", "-t", "commit", "--literally", "--stdin", stdin=raw)
    made.git("update-ref", "refs/heads/main", tip)
    (tmp_path / "signers").write_text(f"ann@example.org {ed25519_key('ann').public_key}\n")
    return made


def judged(repository):
    (found,) = verify_objects(repository.path, EVERYTHING, Against(repository.path.parent / "signers"))
    return found.judged.verdict, found.judged.code


def forged(repository, monkeypatch, folder):
    """A cache in ``folder`` that fits these keys, options and this gm in every way, and calls everything good."""
    with monkeypatch.context() as patched:
        patched.setattr(plumbing, "verdict_folder", lambda *_: folder)
        judged(repository)
        (path,) = folder.iterdir()
        VerdictCache(folder, path.stem).save({repository.rev("main"): Judged("good")})
        assert judged(repository) == ("good", None)  # whoever can write the cache decides
    return path


@pytest.mark.attack("verdicts that came with the directory of the repository", "GM-T002", by="author")
@pytest.mark.parametrize("place", ["gm", "gitops-models"])
def test_verdicts_in_the_repository_are_not_taken_for_ones_own(repository, monkeypatch, place):
    forged(repository, monkeypatch, repository.path / ".git" / place / "verdicts")
    assert judged(repository) == ("untrusted", "GM-T002")


@pytest.mark.attack("verdicts committed where a work tree covers the cache folder", "GM-T002", by="author")
def test_a_cache_folder_inside_the_work_tree_is_not_used(repository, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(repository.path / ".cache"))
    path = forged(repository, monkeypatch, repository.path / ".cache" / "gitops-models" / "verdicts")
    before = path.read_bytes()
    assert judged(repository) == ("untrusted", "GM-T002")
    assert path.read_bytes() == before


@pytest.mark.attack("verdicts put where everybody can write", "GM-T002", by="author")
def test_a_cache_folder_that_others_can_write_is_not_used(repository, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "shared"))
    folder = tmp_path / "shared" / "gitops-models" / "verdicts"
    forged(repository, monkeypatch, folder)
    folder.chmod(0o777)
    assert judged(repository) == ("untrusted", "GM-T002")


@pytest.mark.lookalike("verdicts of an earlier run by the same person")
def test_ones_own_verdicts_are_used_and_nothing_is_written_to_the_repository(repository, monkeypatch, home):
    before = sorted(path for path in repository.path.rglob("*"))
    assert judged(repository) == ("untrusted", "GM-T002")
    monkeypatch.setattr(plumbing, "_judge", None)
    assert judged(repository) == ("untrusted", "GM-T002")
    assert sorted(path for path in repository.path.rglob("*")) == before
    assert (home / ".cache" / "gitops-models" / "verdicts").stat().st_mode & 0o777 == 0o700


@pytest.mark.lookalike("a copy of the same repository elsewhere")
def test_a_copy_gets_its_own_verdicts(repository, tmp_path, home):
    judged(repository)
    shutil.copytree(repository.path, tmp_path / "copy")
    (found,) = verify_objects(Path(tmp_path / "copy"), EVERYTHING, Against(tmp_path / "signers"))
    assert found.judged.code == "GM-T002"
    assert len(list((home / ".cache" / "gitops-models" / "verdicts").iterdir())) == 2
