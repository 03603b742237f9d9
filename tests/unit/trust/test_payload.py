import subprocess

import pytest

from gitops_models.trust.payload import commit_payload, tag_payload
from gitops_models.trust.problem import SignatureProblem
from tests.support.keys import ed25519_key
from tests.support.signed import AT, MAIN, commit_bytes, put_signature, sign_commit, signed_tag, tag_bytes

ANN = ed25519_key("ann")
PGP = "-----BEGIN PGP SIGNATURE-----\n\nabc\n-----END PGP SIGNATURE-----"


def problem_of(take_apart, raw):
    with pytest.raises(SignatureProblem) as caught:
        take_apart(raw)
    return caught.value


def test_the_payload_of_a_commit_is_the_object_without_its_signature():
    raw = commit_bytes("ann", parents=["b" * 40, "c" * 40])
    signed = commit_payload(sign_commit(raw, ANN))
    assert signed.payload == raw
    assert signed.signature == ANN.sign(raw, "git").strip("\n").encode()
    assert (signed.who.email, signed.who.at) == ("ann@example.org", AT)


def test_an_unsigned_commit_is_all_payload():
    signed = commit_payload(commit_bytes("ann"))
    assert (signed.payload, signed.signature) == (commit_bytes("ann"), None)


@pytest.mark.parametrize("message", ["", "\n\n", "gpgsig in a message\n gpgsig\n", "no newline"])
def test_the_message_may_say_anything(message):
    raw = commit_bytes("ann", message=message)
    assert commit_payload(sign_commit(raw, ANN)).payload == raw


def test_an_encoding_may_stand_before_or_after_the_signature():
    before = commit_bytes("ann", extra="encoding ISO-8859-1\n")
    assert commit_payload(sign_commit(before, ANN)).payload == before
    after = commit_bytes("ann", extra="gpgsig x\nencoding ISO-8859-1\n")
    assert commit_payload(after).payload == before


def test_git_hash_object_agrees_that_the_fixtures_are_commits_and_tags(tmp_path):
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    for kind, raw in (("commit", sign_commit(commit_bytes("ann"), ANN)), ("tag", signed_tag())):
        subprocess.run(["git", "hash-object", "-t", kind, "--stdin"], input=raw, cwd=tmp_path, check=True)


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (commit_bytes("ann", extra="gpgsig-sha256 x\n"), "GM-T030"),
        (commit_bytes("ann", extra="gpgsignature x\n"), "GM-T030"),
        (commit_bytes("ann", extra="gpgsig x\ngpgsig y\n"), "GM-T031"),
        (put_signature(put_signature(commit_bytes("ann"), "x"), "y"), "GM-T031"),
        (commit_bytes("ann", message="hidden\0text\n"), "GM-T032"),
        (commit_bytes("ann\0"), "GM-T032"),
        (commit_bytes("ann").replace(b"author", b"tree " + b"a" * 40 + b"\nauthor", 1), "GM-T033"),
        (commit_bytes("ann", extra="committer ann <ann@example.org> 1 +0000\n"), "GM-T033"),
        (commit_bytes("ann", extra="encoding a\nencoding b\n"), "GM-T033"),
        (commit_bytes("ann", extra="HG:rename-source hg\n"), "GM-T034"),
        (commit_bytes("ann", extra="mergetag object x\n"), "GM-T034"),
        (commit_bytes("ann").replace(b"author", b"note x\nauthor", 1), "GM-T034"),
        (commit_bytes("ann", extra=f"parent {MAIN}\n"), "GM-T035"),
        (b" " + commit_bytes("ann"), "GM-T034"),
        (commit_bytes("ann", extra="encoding UTF-8\n and more\n"), "GM-T035"),
        (commit_bytes("ann", extra="encoding\n"), "GM-T035"),
        (commit_bytes("ann", extra="encoding two words\n"), "GM-T035"),
        (commit_bytes("ann").partition(b"\n\n")[0], "GM-T035"),
        (commit_bytes("ann").partition(b"\n")[2], "GM-T035"),
        (commit_bytes("ann").replace(b"tree 4b", b"tree 4B"), "GM-T035"),
        (commit_bytes("ann", parents=["b" * 39]), "GM-T035"),
        (commit_bytes("ann", email="a<b"), "GM-T035"),
        (commit_bytes("ann").replace(b" +0000\ncommitter", b"\ncommitter"), "GM-T035"),
        (commit_bytes("ann").replace(b" +0000\n\n", b" +0000 \n\n"), "GM-T035"),
    ],
)
def test_a_commit_that_git_and_gm_never_write_is_malformed(raw, code):
    problem = problem_of(commit_payload, raw)
    assert (problem.code, problem.verdict) == (code, "malformed")


@pytest.mark.parametrize(
    ("armored", "scheme"),
    [
        (PGP, "gpg"),
        (PGP.replace("PGP SIGNATURE", "PGP MESSAGE"), "gpg"),
        (PGP.replace("PGP SIGNATURE", "SIGNED MESSAGE"), "x509"),
        (ANN.sign(b"", "git"), "ssh"),
        ("garbage", "ssh"),
    ],
)
def test_the_scheme_is_told_by_the_first_words(armored, scheme):
    assert commit_payload(put_signature(commit_bytes("ann"), armored)).scheme == scheme
    if armored != "garbage":
        assert tag_payload(tag_bytes() + armored.encode()).scheme == scheme


def test_an_unsigned_object_has_no_scheme():
    assert commit_payload(commit_bytes("ann")).scheme is None


def test_the_payload_of_a_tag_is_what_stands_before_its_signature():
    signed = tag_payload(signed_tag())
    assert (signed.payload, signed.target, signed.name) == (tag_bytes(), MAIN, "fraud@v1.0.0")
    assert signed.who.email == "ann@example.org"


def test_an_unsigned_tag_is_all_payload():
    assert tag_payload(tag_bytes()).signature is None


def test_a_begin_line_that_is_quoted_in_a_message_starts_no_signature():
    raw = tag_bytes(message="see -----BEGIN SSH SIGNATURE-----\n-----BEGIN CERTIFICATE-----\n")
    assert tag_payload(raw).signature is None


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (signed_tag(kind="tree"), "GM-T039"),
        (tag_bytes().replace(b"tagger", b"gpgsig x\ntagger"), "GM-T030"),
        (tag_bytes().replace(b"\n\n", b"\ngpgsig-sha256 x\n\n"), "GM-T030"),
        (signed_tag() + ANN.sign(b"", "git").encode(), "GM-T031"),
        (signed_tag(message="a\0b\n"), "GM-T032"),
        (tag_bytes().replace(b"tagger", b"tag other\ntagger"), "GM-T033"),
        (tag_bytes().replace(b"\n\n", b"\nencoding UTF-8\n\n"), "GM-T034"),
        (tag_bytes(target="short"), "GM-T035"),
        (tag_bytes().replace(b"\ntagger", b"\ntagger ann\ntagger", 1), "GM-T033"),
        (tag_bytes().replace(b"\ntagger ann <ann@example.org>", b"\ntagger ann"), "GM-T035"),
    ],
)
def test_a_tag_that_git_and_gm_never_write_is_malformed(raw, code):
    problem = problem_of(tag_payload, raw)
    assert (problem.code, problem.verdict) == (code, "malformed")
