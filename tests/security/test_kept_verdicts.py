"""Verdicts kept by ``gm trust verify``: what came with a repository is never taken for one's own."""

import shutil
import zlib
from pathlib import Path

import pytest

from gitops_models.cli.run import run
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


def exchange(repository, oid, kind, data):
    """Put other bytes where the loose object of this id lies, as whoever can write the storage could."""
    path = repository.path / ".git" / "objects" / oid[:2] / oid[2:]
    path.unlink()
    path.write_bytes(zlib.compress(b"%s %d\0%s" % (kind, len(data), data)))


@pytest.mark.attack("exchange an object in place after it was judged", "GM-S013", by="storage")
@pytest.mark.parametrize(("kind", "codes"), [(b"commit", ["GM-S013"]), (b"blob", [])])
def test_a_kept_verdict_does_not_speak_for_other_bytes(repository, home, kind, codes):
    (repository.path.parent / "signers").write_text(f"ann@example.org {ed25519_key('eve').public_key}\n")
    assert [judged(repository), judged(repository)] == [("good", None), ("good", None)]
    tip = repository.rev("main")
    (kept,) = (home / ".cache" / "gitops-models" / "verdicts").iterdir()
    path = repository.path / ".git" / "objects" / tip[:2] / tip[2:]
    honest = path.read_bytes()
    exchange(repository, tip, kind, commit_bytes("mallory"))
    against = Against(repository.path.parent / "signers")
    cold = verify_objects(repository.path, EVERYTHING, against, cached=False)
    assert verify_objects(repository.path, EVERYTHING, against) == cold
    assert [one.judged.code for one in cold] == codes
    assert run(["-C", str(repository.path), "trust", "verify", tip, "--allowed-signers", str(against.allowed_signers)])
    path.unlink()
    path.write_bytes(honest)
    assert judged(repository) == ("good", None)  # what was put back is what was judged
    assert kept.exists()


def test_what_gpg_could_not_tell_is_asked_again(repository, home, monkeypatch):
    said = iter([Judged("untrusted", "GM-T042"), Judged("good")])
    monkeypatch.setattr(plumbing, "_judge", lambda _, some, *__: {plumbing._key(one): next(said) for one in some})
    assert [judged(repository) for _ in range(3)] == [("untrusted", "GM-T042"), ("good", None), ("good", None)]
    assert len(list((home / ".cache" / "gitops-models" / "verdicts").iterdir())) == 1
