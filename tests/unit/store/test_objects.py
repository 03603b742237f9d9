import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_models.store.objects import Ident, parse_commit, parse_ident, parse_tag

TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
OID = "a" * 40


def test_a_commit_is_read_with_its_parents_people_and_message():
    raw = (
        f"tree {TREE}\nparent {'b' * 40}\nparent {'c' * 40}\nauthor Ada <ada@x> 100 +0130\n"
        "committer Bob <b@x> 200 -0800\n"
        "gpgsig -----BEGIN SSH SIGNATURE-----\n parent deadbeef\n"
        " -----END SSH SIGNATURE-----\n\nPromote\n\nGm-Event: x\n"
    ).encode()
    commit = parse_commit(OID, raw)
    assert (commit.tree, commit.parents) == (TREE, ("b" * 40, "c" * 40))
    assert commit.author == Ident("Ada", "ada@x", 100, 90)
    assert commit.committer == Ident("Bob", "b@x", 200, -480)
    assert (commit.subject, commit.message, commit.raw) == ("Promote", "Promote\n\nGm-Event: x\n", raw)


@pytest.mark.parametrize(
    "raw",
    [b"", b"\n\n", b"tree\n", b"tree x\nparent y\nauthor\n\n", b"author <<>> soon\n\nm", b"\xff\xfe\n\n\xff", b"tree"],
)
def test_a_malformed_commit_does_not_stop_a_walk(raw):
    commit = parse_commit(OID, raw)
    assert (commit.parents, commit.raw) == ((), raw)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ada <ada@x> 5 +0000", Ident("Ada", "ada@x", 5, 0)),
        ("<ada@x> 5 -0230", Ident("", "ada@x", 5, -150)),
        ("Ada <> 5", Ident("Ada", "", 5, 0)),
        ("Ada <ada@x 5 +0000", Ident("Ada", "ada@x 5 +0000", 0, 0)),
        ("Ada <ada@x> 99999999999999999999", Ident("Ada", "ada@x", 999999999999999, 0)),
        ("Ada", Ident("Ada", "", 0, 0)),
        ("", Ident("", "", 0, 0)),
        ("Ada <ada@x>  ٣ +0000", Ident("Ada", "ada@x", 0, 0)),
    ],
)
def test_an_identity_is_read_as_far_as_it_goes(text, expected):
    assert parse_ident(text) == expected


@given(st.integers(0, 2**40), st.integers(-719, 840))
def test_a_written_identity_reads_back(time, offset):
    ident = Ident("Ada Example", "ada@example.org", time, offset)
    assert parse_ident(ident.render()) == ident


def test_a_tag_is_read_with_target_and_name():
    raw = f"object {OID}\ntype commit\ntag fraud@v1.0.0\ntagger Ada <ada@x> 7 +0000\n\nfraud 1.0.0\n".encode()
    tag = parse_tag("d" * 40, raw)
    assert (tag.target, tag.target_type, tag.name, tag.tagger.time) == (OID, "commit", "fraud@v1.0.0", 7)
    assert tag.message == "fraud 1.0.0\n"


def test_a_tag_without_tagger_is_read():
    assert parse_tag("d" * 40, f"object {OID}\ntype commit\ntag old\n\nm".encode()).tagger == Ident("", "", 0, 0)
