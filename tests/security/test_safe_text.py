"""Text of strangers: YAML that other readers take for something else, names in disguise, escapes for terminals."""

import json
import re
import subprocess

import pygit2
import pytest

from gitops_models.cli.run import run
from gitops_models.errors import GmError
from gitops_models.registry import yamls
from gitops_models.registry.documents import parse_document
from gitops_models.registry.text import UNSAFE
from gitops_models.registry.trailers import commit_message, parse_trailers
from gitops_models.store.gitcli import Completed
from gitops_models.store.pushing import read_push
from gitops_models.store.refs import RefUpdate
from gitops_models.store.writer import write_tree
from gitops_models.workflows.door import install_hook
from tests.support import policy as documents
from tests.support.keys import ed25519_key
from tests.support.refusals import why_refused
from tests.support.signed import put_signature
from tests.support.stories import last

STAGE = "models/fraud/stages/staging.yaml"
EVIL = "\x1b[2J\x1b]0;owned\x07\x9b31m\u202eevil\u2066\u200b\x7f\r"


# YAML

GOOD = documents.document("StageState", model="fraud", stage="staging", version="1.1.0", lineage_sha256="a" * 64)


def doubling():
    """Nine lists of nine aliases each: a billion laughs."""
    lines = ["a0: &a0 [lol]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    return ("\n".join(lines) + "\n").encode()


YAMLS = {
    "a billion laughs": (doubling(), "GM-D004"),
    "an alias of itself": (b"a: &a [*a]\n", "GM-D004"),
    "a merge key that brings a second version": (GOOD + b"<<: {version: 9.9.9}\n", "GM-D004"),
    "a tag that makes an object": (b"a: !!python/object/apply:os.system [id]\n", "GM-D004"),
    "a tag that makes text": (GOOD + b"x: !!str 1\n", "GM-D004"),
    "a second document": (GOOD + b"---\n" + GOOD, "GM-D004"),
    "a directive": (b"%YAML 1.1\n---\n" + GOOD, "GM-D004"),
    "a version given twice": (GOOD + b"version: 9.9.9\n", "GM-D005"),
    "a version given twice, once in quotes": (GOOD + b'"version": 9.9.9\n', "GM-D005"),
    "a version given twice, once with an escape": (GOOD + b'"versi\\u006fn": 9.9.9\n', "GM-D005"),
    "depth": (b"a: " + b"[" * 5000 + b"]" * 5000, "GM-D006"),
    "depth without an end": (b"{a: " * 60_000, "GM-D006"),
    "a key that is a list": (b"? [a]\n: b\n", "GM-D007"),
    "a key that is a date to others": (GOOD + b"? 2026\n: b\n", "GM-D007"),
    "a number that others round": (b"a: 9007199254740993\n", "GM-D008"),
    "a number without end": (b"a: " + b"9" * 200_000 + b"\n", "GM-D008"),
    "infinity": (b"a: -.inf\n", "GM-D008"),
    "a byte order mark": (b"\xef\xbb\xbf" + GOOD, "GM-D002"),
    "a byte order mark inside": (b'a: "\xef\xbb\xbf"\n', "GM-D003"),
    "a byte order mark by escape": (b'a: "\\ufeff"\n', None),
    "UTF-16": (GOOD.decode().encode("utf-16-le"), "GM-D002"),
    "UTF-8 of a surrogate": (b"a: \xed\xa0\x80\n", "GM-D002"),
    "overlong UTF-8": (b"a: \xc0\xaf\n", "GM-D002"),
    "a NUL": (b"a: 1\n\0b: 2\n", "GM-D002"),
    "a NUL by escape": (b'a: "\\0"\n', "GM-D002"),
    "an escape character": (b"a: \x1b[2J\n", "GM-D003"),
    "a tab as indentation": (b"a:\n\tb: 1\n", "GM-D003"),
    "a surrogate by escape": (b'a: "\\ud83d"\n', "GM-D003"),
    "a line of all that is allowed, and one byte": (b"a: " + b"x" * yamls.MAX_BYTES, "GM-D001"),
}


@pytest.mark.attack("aliases that double without end", "GM-D004", by="author")
@pytest.mark.attack("a key given twice, spelled in two ways", "GM-D005", by="author")
@pytest.mark.attack("a document that nests without end", "GM-D006", by="author")
@pytest.mark.attack("a number that readers round differently", "GM-D008", by="author")
@pytest.mark.attack("bytes that readers decode differently", "GM-D002", by="author")
@pytest.mark.attack("control characters in a document", "GM-D003", by="author")
@pytest.mark.attack("a document larger than any", "GM-D001", by="author")
@pytest.mark.parametrize("case", YAMLS)
def test_yaml_that_others_read_differently_is_refused(case):
    data, code = YAMLS[case]
    if code is None:
        yamls.load(data, "x")
        return
    assert why_refused(yamls.load, data, "x") == code


HIDING = [*"\r\x85\u2028\u2029", *"\u061c\u200b\u200e\u200f\u202a\u202e\u2060\u2064\u2066\u2069\ufeff"]


@pytest.mark.attack("a field behind a line break that shows as none, in a comment", "GM-D003", by="author")
@pytest.mark.attack("bidirectional and invisible formatting in a document", "GM-D003", by="author")
@pytest.mark.parametrize("character", HIDING, ids=ascii)
def test_what_a_reviewer_does_not_see_is_refused(registry, character):
    data = documents.model_yaml() + f"# reviewed: nothing to see{character}risk: low\n".encode()
    assert why_refused(yamls.load, data, "x") == "GM-D003"
    registry.commit({"models/fraud/model.yaml": data}, land=True)
    assert (last(registry).status, "GM-P001" in last(registry).verdict.codes) == ("denied", True)
    assert registry.live_version("fraud", "staging") == "1.0.0"


@pytest.mark.lookalike("the same characters as escapes, and lines that end as on Windows")
def test_escapes_and_the_line_ends_of_windows_are_read():
    text = "".join(HIDING)
    assert yamls.load(yamls.dump({"a": text, "b": "größe 🙂"}), "x") == {"a": text, "b": "größe 🙂"}
    assert yamls.load(b"# note\r\na: 1\r\nb: |\r\n  x\r\n", "x") == {"a": 1, "b": "x\n"}


IMPLICIT = {
    "NO": "NO",
    "on": "on",
    "y": "y",
    "2026-11-21": "2026-11-21",
    "2026-11-21T10:00:00Z": "2026-11-21T10:00:00Z",
    "1:20": "1:20",
    "190:20:30": "190:20:30",
    "1_000": "1_000",
    "1.2.0": "1.2.0",
    "0b11": "0b11",
    "=": "=",
    "0x": "0x",
    "1e": "1e",
    "+": "+",
}


@pytest.mark.lookalike("words, dates and versions that YAML 1.1 would turn into something else")
@pytest.mark.parametrize("text", IMPLICIT)
def test_what_yaml_1_1_takes_for_something_else_stays_text(text):
    assert yamls.load(f"a: {text}\n".encode(), "x") == {"a": IMPLICIT[text]}


@pytest.mark.attack("a version that is a number: 1.20, 1e3, 0x10", "GM-D021", by="author")
@pytest.mark.parametrize("text", ["1.20", "1e3", "0x10", "0o17", "12", "true", "null", "[1.2.0]"])
def test_a_version_that_reads_as_something_else_is_refused(text):
    data = GOOD.replace(b"version: 1.1.0", f"version: {text}".encode())
    assert data != GOOD
    assert why_refused(parse_document, data, STAGE, "StageState") == "GM-D021"


@pytest.mark.parametrize("case", ["a billion laughs", "depth without an end", "a version given twice"])
def test_such_a_document_never_lands(registry, case):
    registry.commit({STAGE: YAMLS[case][0]}, land=True)
    assert (last(registry).status, "GM-P001" in last(registry).verdict.codes) == ("denied", True)
    assert registry.live_version("fraud", "staging") == "1.0.0"


# Names

NAMES = {
    "Cyrillic letters": "models/fr\u0430ud/model.yaml",
    "full-width letters": "models/\uff46raud/model.yaml",
    "a ligature": "models/\ufb01n/model.yaml",
    "letters that combine": "models/fraud\u0301/model.yaml",
    "an invisible letter": "models/fra\u200bud/model.yaml",
    "letters from right to left": "models/\u202eduarf/model.yaml",
    "an escape": "models/fraud\x1b[2J/model.yaml",
    "capitals": "models/Fraud/model.yaml",
    "a dot at the end": "models/fraud./model.yaml",
    "a space at the end": "models/fraud /model.yaml",
    "a lock": "models/fraud.lock/model.yaml",
    "another digit for a version": "models/fraud/versions/1.\u0661.0/lineage.yaml",
    "a version with a letter for zero": "models/fraud/versions/1.O.0/lineage.yaml",
    "a pointer in another folder": "models/fraud/versions/1.1.0/..%2fx.dvc",
    "a pointer with a backslash": "models/fraud/versions/1.1.0/..\\x.dvc",
}


@pytest.mark.attack(
    "a name that looks like another (confusables, invisible and bidirectional letters)", "GM-P003", by="author"
)
@pytest.mark.attack("a path that climbs out by a backslash", "GM-P003", by="author")
@pytest.mark.parametrize("case", NAMES)
def test_a_name_in_disguise_is_no_name(registry, case):
    registry.commit({NAMES[case]: b"x\n"}, land=True)
    assert (last(registry).status, last(registry).verdict.codes) == ("denied", ("GM-P003",))


@pytest.mark.attack("an artifact whose path leaves its directory", "GM-P001", "GM-D021", by="author")
@pytest.mark.parametrize("path", ["../x", "/etc/passwd", "a/../../x", "..", ".git", "a\\..\\x", "x\x1b[2J", "\u202ex"])
def test_an_artifact_does_not_leave_its_directory(registry, path):
    files = dict(documents.version_files("1.2.0", author="engineer"))
    name = "models/fraud/versions/1.2.0/lineage.yaml"
    written = json.dumps(path).encode()
    files[name] = files[name].replace(b"path: model.onnx", b"path: " + written)
    assert written in files[name]
    assert why_refused(parse_document, files[name], name, "Lineage") in {"GM-D021", "GM-D003"}
    registry.merge_by_hand(registry.commit(files))
    assert "GM-P001" in last(registry).verdict.codes
    assert "1.2.0" not in registry.history().state.snapshot.versions("fraud")


@pytest.mark.attack("a reason that forges a second trailer or hides text", "GM-D040", by="author")
@pytest.mark.parametrize("reason", ["a\u202eb", "a\x1b[2J", "a\u2028b", "a\x85b", "a\x00b"])
def test_a_reason_cannot_forge_a_trailer(registry, reason):
    assert why_refused(commit_message, "subject", "", [("Gm-Reason", reason)]) == "GM-D040"
    with registry.untouched():
        assert why_refused(registry.promote, "fraud", "1.1.0", "staging", reason=reason) == "GM-D040"


@pytest.mark.parametrize("reason", ["fine\nGm-To: 9.9.9", "fine\n\nGm-To: 9.9.9", "fine\r\nGm-To: 9.9.9"])
def test_a_reason_of_several_lines_stays_one_trailer(reason):
    found = parse_trailers(commit_message("subject", "", [("Gm-Reason", reason)]))
    assert (found.get("Gm-Reason"), found.get("Gm-To")) == ("fine Gm-To: 9.9.9", None)


# Terminals


def evil_commit(server, files, message):
    """An engineer's commit, well signed, whose name and message are made for terminals."""
    tree = write_tree(
        server.store, server.store.commit(server.tip).tree, {p: server.entry(d) for p, d in files.items()}
    )
    who = f"Eve{EVIL} <engineer@example.org> {int(server.clock.now().timestamp())} +0000".replace("\r", "")
    raw = f"tree {tree}\nparent {server.tip}\nauthor {who}\ncommitter {who}\n\n{message}\n".encode()
    raw = put_signature(raw, ed25519_key("engineer").sign(raw, "git").strip("\n"))
    return str(server.store.libgit2.odb.write(pygit2.enums.ObjectType.COMMIT, raw))


READING = (("log",), ("log", "--csv"), ("status",), ("list",), ("verify",), ("proposals",), ("show", "fraud@1.1.0"))


@pytest.mark.attack("terminal escapes in messages, names, reasons and branches", "ignored", by="author")
@pytest.mark.parametrize("as_json", [False, True])
def test_nothing_that_gm_prints_acts_on_a_terminal(victim, as_json):
    server = victim.server
    message = f"subject {EVIL}\n\nbody {EVIL}\n\nGm-Reason: because {EVIL}".replace("\r", "")
    server.force(evil_commit(server, documents.version_files("1.2.0", author="engineer"), message))
    hold = documents.hold_file(stage="staging", by="engineer", reason=f"because {EVIL}".replace("\r", ""))
    server.force(evil_commit(server, {**hold, f"models/fraud/{EVIL}\r.yaml": b"x"}, message))
    branch = "gm/promotion/fraud/1.1.0/staging/\u202e\x9bevil"
    server.force(evil_commit(server, {STAGE: b"x: '" + EVIL[:0].encode() + b"'\n"}, message), f"refs/heads/{branch}")
    wanted = [*READING, ("show", branch), ("check", branch), ("show", f"a{EVIL}"), ("at", f"x{EVIL}"), (f"x{EVIL}",)]
    for words in wanted:
        _, out, said = victim.gm(*words, *(["--json"] if as_json and "--csv" not in words else []))
        assert not UNSAFE.search((out + said).replace("\n", "")), (words, out, said)
        if as_json and out and "--csv" not in words:
            json.loads(out)


@pytest.mark.attack("terminal escapes in a path that the door refuses", "GM-P003", by="author")
def test_what_the_door_refuses_is_shown_escaped_to_who_pushes(victim):
    server = victim.server
    install_hook(server.path)
    oid = evil_commit(server, {f"models/fraud/{EVIL}.yaml": b"x"}, f"subject {EVIL}".replace("\r", ""))
    victim.clone.git("-c", "protocol.file.allow=always", "fetch", "--quiet", str(server.path), f"{oid}:refs/heads/evil")
    refs = victim.refs()
    command = ["git", "-C", victim.path, "push", "origin", "evil:main"]
    done = subprocess.run(command, capture_output=True, check=False, timeout=240)
    said = done.stderr.decode()
    assert (done.returncode, "GM-P003" in said, "\\x1b[2J" in said) == (1, True, True)
    assert not UNSAFE.search(re.sub(r"\x1b\[K|[\n\r]", "", said)), said
    assert victim.refs() == refs


@pytest.mark.attack("terminal escapes in what a remote says", "ignored", by="forge")
def test_what_a_remote_says_is_shown_escaped():
    porcelain = f"To x\n!\tabc:refs/heads/main\t[remote rejected] (pre-receive hook declined {EVIL[:-1]})\nDone\n"
    done = Completed(1, porcelain.encode(), f"remote: error {EVIL[:-1]}\nremote: {EVIL[:-1]}\n")
    with pytest.raises(GmError) as caught:
        read_push(f"origin{EVIL}", [RefUpdate("refs/heads/main", "a" * 40, None)], done)
    assert caught.value.code == "GM-S203"
    shown = "\n".join([caught.value.message, *caught.value.details])
    assert not UNSAFE.search(shown.replace("\n", "")), shown


@pytest.mark.lookalike("letters of other languages and emoji")
def test_letters_of_other_languages_are_shown_as_they_are(capsys):
    assert run(["show", "Größe-日本-🙂", "--json"]) != 0
    shown = capsys.readouterr().err
    assert "\\x" not in shown
