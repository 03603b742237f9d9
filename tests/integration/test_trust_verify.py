"""``gm trust verify``: the signatures of any Git repository, one line per object."""

import json
import os

import pytest

from gitops_models.cli.run import run
from gitops_models.errors import GmError
from gitops_models.store.repository import Store
from gitops_models.workflows import plumbing
from gitops_models.workflows.plumbing import Against, verify_objects
from gitops_models.workflows.selecting import Chosen, Selection, select
from tests.support.git import init_repository, run_git
from tests.support.gpg import gpg_home
from tests.support.keys import ecdsa_key, ed25519_key, hardware_key
from tests.support.signed import commit_bytes, put_signature, sign_commit, signed_tag, tag_bytes

ANN, TOUCHED = ed25519_key("ann"), hardware_key("ann")


@pytest.fixture
def repository(tmp_path, home):
    """A bare repository: unsigned, signed, by a hardware key, by a stranger, and two tags."""
    made = init_repository(tmp_path / "r.git", home, bare=True)
    tree = made.git("hash-object", "-w", "-t", "tree", "--stdin")
    assert tree == "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
    (tmp_path / "signers").write_text(f"ann@example.org {ANN.public_key}\nann {TOUCHED.public_key}\n")
    tip = ()
    for signer in (None, ANN, TOUCHED, ed25519_key("eve")):
        raw = commit_bytes("ann", parents=tip)
        tip = (write(made, sign_commit(raw, signer) if signer else raw),)
    made.git("update-ref", "refs/heads/main", tip[0])
    return made


@pytest.fixture
def kept(home):
    """Where this person's verdicts are."""
    return home / ".cache" / "gitops-models" / "verdicts"


def write(repository, raw, kind="commit"):
    return repository.git("hash-object", "-w", "-t", kind, "--literally", "--stdin", stdin=raw)


def gm(repository, capsys, *arguments, signers=True):
    given = ["--allowed-signers", str(repository.path.parent / "signers")] if signers else []
    status = run(["-C", str(repository.path), "trust", "verify", *arguments, *given])
    return status, capsys.readouterr().out


def verdicts(repository, capsys, *arguments):
    status, out = gm(repository, capsys, *arguments, "--json")
    return status, [(line["type"], line["verdict"], line["code"]) for line in map(json.loads, out.splitlines())]


def test_every_object_has_a_line_with_its_facts(repository, capsys):
    status, out = gm(repository, capsys, "--all", "--json")
    lines = [json.loads(line) for line in out.splitlines()]
    assert status == 5
    assert [line["verdict"] for line in lines] == ["untrusted", "good", "good", "unsigned"]
    assert lines[1] == {
        "oid": repository.rev("main~1"),
        "type": "commit",
        "verdict": "good",
        "code": None,
        "scheme": "ssh",
        "fingerprint": TOUCHED.fingerprint,
        "principal": "ann",
        "touch": True,
        "time": "committer",
    }


def test_only_good_objects_exit_0(repository, capsys):
    assert verdicts(repository, capsys, "main~1") == (0, [("commit", "good", None)])
    assert verdicts(repository, capsys, "main~3..main~1") == (0, [("commit", "good", None)] * 2)
    assert verdicts(repository, capsys, "main~1", "main~1", "main~3")[0] == 5
    assert verdicts(repository, capsys, "main..main") == (0, [])


def test_the_symmetric_range_has_both_sides(repository, capsys):
    other = write(repository, sign_commit(commit_bytes("ann", parents=(repository.rev("main~2"),)), ANN))
    repository.git("update-ref", "refs/heads/other", other)
    assert len(verdicts(repository, capsys, "main~1...other")[1]) == 2
    repository.git("symbolic-ref", "HEAD", "refs/heads/other")
    assert len(verdicts(repository, capsys, "main~2..")[1]) == 1


def test_the_table_says_who_or_why(repository, capsys):
    _, out = gm(repository, capsys, "--all")
    assert out.splitlines()[0].split() == ["OBJECT", "WHAT", "VERDICT", "CODE", "SCHEME", "WHO", "OR", "WHY"]
    assert "no allowed signer has key" in out
    assert gm(repository, capsys, "main..main")[1] == ""


def test_asked_for_more_it_says_more(repository, capsys):
    _, out = gm(repository, capsys, "main", "--json", "-v")
    line = json.loads(out)
    assert line["detail"].startswith("no allowed signer has key")
    assert (line["pin"], line["name"]) == (None, None)


def test_tags_are_judged_by_their_own_signature_and_name(repository, capsys):
    target = repository.rev("main~2")
    right = write(repository, signed_tag("right", target=target), "tag")
    repository.git("update-ref", "refs/tags/right", right)
    repository.git("update-ref", "refs/tags/moved", right)
    repository.git("update-ref", "refs/tags/light", target)
    tree = write(repository, tag_bytes("tree", kind="tree", target="4b825dc642cb6eb9a060e54bf8d69288fbee4904"), "tag")
    repository.git("update-ref", "refs/tags/tree", tree)
    assert verdicts(repository, capsys, "right") == (0, [("tag", "good", None)])
    assert verdicts(repository, capsys, "refs/tags/right")[0] == 0
    assert verdicts(repository, capsys, right)[0] == 0
    assert verdicts(repository, capsys, "moved") == (5, [("tag", "malformed", "GM-T037")])
    assert verdicts(repository, capsys, "light") == (0, [("commit", "good", None)])
    found = verdicts(repository, capsys, "--all")[1]
    assert [line for line in found if line[0] == "tag"] == [
        ("tag", "malformed", "GM-T037"),
        ("tag", "good", None),
        ("tag", "malformed", "GM-T039"),
    ]
    _, out = gm(repository, capsys, "right", "--json")
    assert json.loads(out)["time"] == "tagger"


def test_a_hardware_key_can_be_demanded(repository, capsys):
    assert verdicts(repository, capsys, "main~1", "--require-touch")[0] == 0
    assert verdicts(repository, capsys, "main~2", "--require-touch") == (5, [("commit", "untrusted", "GM-T021")])


def test_gpg_keys_are_given_as_files(repository, capsys, tmp_path):
    keys = gpg_home(tmp_path / "gnupg")
    ann = keys.make("ann")
    (tmp_path / "keys.asc").write_bytes(keys.export(ann))
    oid = write(repository, keys.commit("ann", ann))
    keys.stop()
    status, out = gm(repository, capsys, oid, "--gpg-keys", str(tmp_path / "keys.asc"), "--json", signers=False)
    assert (status, json.loads(out)["fingerprint"], json.loads(out)["principal"]) == (0, ann, "ann@example.org")
    assert verdicts(repository, capsys, oid) == (5, [("commit", "untrusted", "GM-T036")])


@pytest.mark.parametrize(
    "arguments",
    [[], ["--all", "main"], ["main", "--identity", "ann@example.org"], ["main", "--issuer", "https://example.org"]],
)
def test_a_command_line_that_says_too_little_or_too_much_is_refused(repository, capsys, arguments):
    assert gm(repository, capsys, *arguments)[0] == 2
    assert gm(repository, capsys, "main", signers=False)[0] == 2


@pytest.mark.parametrize(("revision", "status"), [("nothing", 6), ("main:", 5), ("nothing..main", 6)])
def test_a_revision_that_names_nothing_is_an_error(repository, capsys, revision, status):
    assert gm(repository, capsys, revision)[0] in {status, 2, 6}


def test_verdicts_are_kept_for_the_same_keys_only(repository, capsys, monkeypatch, kept):
    first = gm(repository, capsys, "--all", "--json")
    assert len(list(kept.iterdir())) == 1
    monkeypatch.setattr(plumbing, "_judge", None)
    assert gm(repository, capsys, "--all", "--json") == first
    monkeypatch.undo()
    signers = repository.path.parent / "signers"
    signers.write_text(f"eve {ed25519_key('eve').public_key}\n")
    assert gm(repository, capsys, "--all", "--json") != first
    assert len(list(kept.iterdir())) == 2


@pytest.mark.parametrize("arguments", [["--require-touch"], ["--identity", "ann", "--issuer", "https://example.org"]])
def test_verdicts_are_kept_for_the_same_options_only(repository, capsys, kept, arguments):
    gm(repository, capsys, "--all")
    gm(repository, capsys, "--all", *arguments)
    assert len(list(kept.iterdir())) == 2


def test_the_second_run_judges_only_what_is_new(repository, capsys, monkeypatch):
    counted = []
    judge = plumbing._judge
    monkeypatch.setattr(
        plumbing, "_judge", lambda store, objects, *rest: counted.append(len(objects)) or judge(store, objects, *rest)
    )
    gm(repository, capsys, "--all")
    tip = repository.rev("main")
    for _ in range(3):
        tip = write(repository, sign_commit(commit_bytes("ann", parents=(tip,)), ANN))
    repository.git("update-ref", "refs/heads/main", tip)
    gm(repository, capsys, "--all")
    gm(repository, capsys, "--all")
    assert counted == [4, 3]


def test_without_the_cache_nothing_is_kept_or_used(repository, capsys, kept):
    gm(repository, capsys, "--all", "--no-cache")
    assert not kept.exists()
    assert not (repository.path / "gm").exists()


def test_a_file_of_signers_with_a_bad_line_is_an_error(repository, capsys):
    (repository.path.parent / "signers").write_text("ann nothing\n")
    assert gm(repository, capsys, "main") == (5, "")


def test_a_file_that_vanished_is_an_error(repository):
    with pytest.raises(GmError) as caught:
        verify_objects(repository.path, Selection(everything=True), Against(repository.path / "none"))
    assert caught.value.code == "GM-T303"


def test_no_malformed_object_ends_the_walk(repository, capsys):
    """Git's own walk ends at each of these; here they are one line more."""
    tip = repository.rev("main")
    good = sign_commit(commit_bytes("ann", parents=(tip,)), ANN)
    garbage = [
        put_signature(commit_bytes("ann", parents=(tip,)), "garbage"),
        good.replace(b"tree 4b825dc", b"tree zzzzzzz"),
        good.replace(b"author ", b"author <<<", 1),
        good.replace(b"\nparent ", b"\nparent x", 1),
        b"\0\xff",
        b"",
    ]
    for number, raw in enumerate(garbage):
        write_ref(repository, f"refs/heads/bad{number}", write(repository, raw))
    status, found = verdicts(repository, capsys, "--all")
    assert status == 5
    assert sorted(line[2] or "" for line in found if line[1] == "malformed") == [
        "GM-T010",
        "GM-T032",
        "GM-T035",
        "GM-T035",
        "GM-T035",
        "GM-T035",
    ]
    assert len(found) == 4 + len(garbage)


def write_ref(repository, name, oid):
    path = repository.path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{oid}\n")


def test_a_missing_object_is_a_line_that_is_not_kept(repository, capsys, kept):
    write_ref(repository, "refs/heads/gone", "1" * 40)
    status, found = verdicts(repository, capsys, "--all")
    assert status == 5
    assert ("commit", "malformed", "GM-S013") in found
    rows, places = json.loads(next(kept.iterdir()).read_text().split("\n", 1)[1])
    assert rows[places["1" * 40]][-1] == 0
    assert verdicts(repository, capsys, "--all") == (status, found)


def test_refs_to_other_things_are_passed_over(repository, home):
    blob = write(repository, b"text", "blob")
    repository.git("update-ref", "refs/tags/blob", blob)
    write_ref(repository, "refs/heads/bad", write(repository, b"garbage"))
    chosen = select(Store.open(repository.path), Selection(everything=True))
    assert len(chosen) == 5
    empty = init_repository(repository.path.parent / "empty", home)
    assert select(Store.open(empty.path), Selection(everything=True)) == []


def test_a_range_past_a_commit_that_git_cannot_read_is_still_walked(repository):
    tip = repository.rev("main")
    broken = write(repository, commit_bytes("ann", parents=(tip,)).replace(b"tree 4b", b"tree zz"))
    above = write(repository, commit_bytes("ann", parents=(broken,)))
    store = Store.open(repository.path)
    assert select(store, Selection((f"{tip}..{above}",))) == [Chosen(above, "commit"), Chosen(broken, "commit")]


def test_a_repository_whose_history_is_cut_off_is_refused(repository, tmp_path, home, capsys):
    run_git(tmp_path, "clone", "-q", "--depth=1", f"file://{repository.path}", str(tmp_path / "cut"), home=home)
    repository.path = tmp_path / "cut"
    assert gm(repository, capsys, "--all")[0] == 5


def test_many_objects_are_judged_on_every_core(repository, capsys):
    script = []
    parent = repository.rev("main")
    keys = [ANN, ecdsa_key("ann"), TOUCHED]
    for number in range(450):
        raw = sign_commit(commit_bytes("ann", message=f"{number}\n", parents=(parent,)), keys[number % 3])
        script.append(raw)
    oids = [write(repository, raw) for raw in script]
    status, found = verdicts(repository, capsys, *oids)
    assert status == 5
    assert [line[2] for line in found] == [None, "GM-T002", None] * 150
    assert os.environ["TZ"] == "UTC"
