"""Every form that gm refuses beyond git, as a step of a governed history: its own code, the live model stays, and the
step after it is judged as if nothing had been."""

import pygit2
import pytest

from gitops_models.errors import GmError
from gitops_models.store.objects import Ident
from gitops_models.store.repository import Store
from gitops_models.store.writer import write_tag
from gitops_models.trust.armor import armor
from gitops_models.trust.sshsig import signed_data, sshsig_blob
from gitops_models.trust.verify import verify_tag
from gitops_models.verification.admission import tag_target
from gitops_models.verification.signers import signers
from tests.support import policy as documents
from tests.support.git import init_repository
from tests.support.keys import ed25519_key
from tests.support.stories import last

KEY = ed25519_key("operator")
HOLD = documents.hold_file(by="operator")


def _resigned(change):
    """The commit signed over its own form, so that nothing but the form can be what is refused."""

    def make(raw):
        head, _, message = raw.partition(b"\n\n")
        bare = head[: head.index(b"\ngpgsig ")]
        payload, late = change(bare, message)
        return late(payload, KEY.sign(payload, "git").strip("\n").replace("\n", "\n ").encode())

    return make


def _after_committer(line):
    def change(bare, message):
        payload = bare + b"\n" + line + b"\n\n" + message
        place = len(bare)
        return payload, lambda whole, text: whole[:place] + b"\ngpgsig " + text + whole[place:]

    return _resigned(change)


def _whole(payload_of):
    def change(bare, message):
        payload = payload_of(bare, message)
        place = payload.index(b"\n\n")
        return payload, lambda whole, text: whole[:place] + b"\ngpgsig " + text + whole[place:]

    return _resigned(change)


def _blob(**parts):
    """A signature whose SSHSIG fields differ in one thing."""

    def make(raw):
        head, _, message = raw.partition(b"\n\n")
        payload = head[: head.index(b"\ngpgsig ")] + b"\n\n" + message
        field = KEY.field(signed_data(payload, "git", b"sha512"))
        data = sshsig_blob(KEY.blob, "git", field, b"sha512")
        data = data.replace(b"SSHSIG\0\0\0\1", b"SSHSIG\0\0\0" + parts.get("version", b"\1"), 1)
        if "reserved" in parts:
            data = data.replace(b"\0\0\0\3git\0\0\0\0", b"\0\0\0\3git\0\0\0\1x", 1)
        text = armor(data).strip("\n").replace("\n", "\n ").encode()
        return head[: head.index(b"\ngpgsig ")] + b"\ngpgsig " + text + b"\n\n" + message

    return make


END = b"-----END SSH SIGNATURE-----"
COMMITS = {
    "a header that starts with gpgsig": ("GM-T030", _after_committer(b"gpgsig-sha256 x")),
    "a header that is called gpgsignature": ("GM-T030", _after_committer(b"gpgsignature x")),
    "a second gpgsig": ("GM-T031", _after_committer(b"gpgsig x")),
    "text after the end of the armor": ("GM-T011", lambda raw: raw.replace(END, END + b"\n more")),
    "text on the last line of the armor": ("GM-T011", lambda raw: raw.replace(END, END + b" more")),
    "a blank inside the base64": ("GM-T012", lambda raw: raw.replace(b"\n U1NIU0lH", b"\n U1NI U0lH")),
    "a carriage return in the armor": ("GM-T013", lambda raw: raw.replace(b"\n " + END, b"\r\n " + END)),
    "another version of SSHSIG": ("GM-T016", _blob(version=b"\2")),
    "a reserved field in use": ("GM-T017", _blob(reserved=True)),
    "a NUL in the message": ("GM-T032", _whole(lambda bare, message: bare + b"\n\n" + message + b"\0hidden\n")),
    "a second committer": ("GM-T033", _after_committer(b"committer x <x@example.org> 1 +0000")),
    "a second author": ("GM-T033", _whole(lambda bare, message: _doubled(bare, b"author ") + b"\n\n" + message)),
    "an unknown header": ("GM-T034", _after_committer(b"note x")),
    "a merged tag": ("GM-T034", _after_committer(b"mergetag object x")),
    "headers in another order": ("GM-T035", _whole(lambda bare, message: _turned(bare) + b"\n\n" + message)),
    "an id in capitals": ("GM-T035", _whole(lambda bare, message: _capitals(bare) + b"\n\n" + message)),
}


def _doubled(bare, name):
    line = next(line for line in bare.split(b"\n") if line.startswith(name))
    return bare.replace(line, line + b"\n" + line, 1)


def _capitals(bare):
    tree = bare[len(b"tree ") :][:40]
    return bare.replace(tree, tree.upper(), 1)


def _turned(bare):
    *first, author, committer = bare.split(b"\n")
    return b"\n".join((*first, committer, author))


def step(registry, make, number=1):
    """A hold that the operator signed, its commit object changed by ``make``."""
    registry.clock.tick()
    plain = registry.commit(documents.hold_file(number, by="operator"), by="operator")
    raw = make(registry.store.typed(plain, "commit"))
    return str(registry.store.libgit2.odb.write(pygit2.enums.ObjectType.COMMIT, raw))


@pytest.mark.lookalike("the same hold in a commit of the ordinary form")
def test_the_plain_form_is_accepted(registry):
    assert registry.history(step(registry, lambda raw: raw)).steps[-1].status == "accepted"
    again = _whole(lambda bare, message: bare + b"\n\n" + message)
    assert registry.history(step(registry, again)).steps[-1].status == "accepted"


@pytest.mark.attack("a form of commit that two readers may read differently", "GM-P801", by="forge")
@pytest.mark.parametrize("name", COMMITS)
def test_every_strictness_has_its_code_on_governed_history(registry, name):
    code, make = COMMITS[name]
    oid = step(registry, make)
    found = registry.history(oid).steps[-1]
    said = [finding.details[0] for finding in found.verdict.findings if finding.code == "GM-P801"]
    assert (found.status, said) == ("denied", [code])
    good = registry.store.commit(registry.tip).tree
    registry.force(registry.commit({}, parents=[oid], tree=good))
    assert last(registry).status == "restored"
    assert registry.live_version("fraud", "staging") == "1.0.0"


def tagged(registry, raw):
    oid = str(registry.store.libgit2.odb.write(pygit2.enums.ObjectType.TAG, raw))
    registry.force(oid, "refs/tags/fraud@v1.0.0")
    return verify_tag(raw, "fraud@v1.0.0", signers(registry.history())).signature.code


@pytest.fixture
def tag(registry):
    """A good tag of fraud 1.0.0: its bytes, and the step that it stands on."""
    target = registry.history().state.registered["fraud", "1.0.0"].step
    ident = Ident("engineer", "engineer@example.org", 1_795_000_000)
    sign = ed25519_key("engineer").sign
    oid = write_tag(registry.store, "fraud@v1.0.0", target, "x", ident, lambda data: sign(data, "git"))
    return registry.store.typed(oid, "tag"), target


@pytest.mark.lookalike("a version tag of the ordinary form")
def test_the_plain_tag_is_good(registry, tag):
    assert tagged(registry, tag[0]) is None
    assert tag_target(registry.store, registry.history(), "fraud@v1.0.0") == tag[1]


TAGS = {
    "renamed": ("GM-T037", lambda raw: raw.replace(b"tag fraud@v1.0.0", b"tag fraud@v2.0.0")),
    "of a tree": ("GM-T039", lambda raw: raw.replace(b"type commit", b"type tree")),
    "with a header more": ("GM-T034", lambda raw: raw.replace(b"\ntagger", b"\nnote x\ntagger")),
    "with a signature header": ("GM-T030", lambda raw: raw.replace(b"\ntagger", b"\ngpgsig x\ntagger")),
    "with two names": ("GM-T033", lambda raw: raw.replace(b"\ntagger", b"\ntag fraud@v1.0.0\ntagger")),
    "with a NUL": ("GM-T032", lambda raw: raw.replace(b"\n\nx\n", b"\n\nx\0y\n")),
    "signed twice": ("GM-T031", lambda raw: raw + raw[raw.index(b"-----BEGIN") :]),
    "with words after the armor": ("GM-T011", lambda raw: raw + b"words\n"),
    "not signed": ("GM-T001", lambda raw: raw[: raw.index(b"-----BEGIN")]),
    "of other words": ("GM-T003", lambda raw: raw.replace(b"\n\nx\n", b"\n\ny\n")),
}


@pytest.mark.attack("a form of version tag that two readers may read differently", "GM-T030", "GM-T039", by="forge")
@pytest.mark.parametrize("name", TAGS)
def test_every_strictness_of_tags_has_its_code(registry, tag, name):
    code, make = TAGS[name]
    assert tagged(registry, make(tag[0])) == code
    assert tag_target(registry.store, registry.history(), "fraud@v1.0.0") is None


@pytest.mark.attack("a version tag that is no tag object", "GM-T038", by="forge")
def test_a_lightweight_tag_counts_for_nothing(registry, tag):
    registry.force(tag[1], "refs/tags/fraud@v1.0.0")
    kind, raw = registry.store.raw(tag[1])
    found = verify_tag(raw, "fraud@v1.0.0", signers(registry.history()), object_type=kind)
    assert found.signature.code == "GM-T038"
    assert tag_target(registry.store, registry.history(), "fraud@v1.0.0") is None


@pytest.mark.attack("replacement refs, grafts or a shallow boundary", "GM-S006", "GM-S003", by="node")
@pytest.mark.parametrize(
    ("code", "where", "text"),
    [
        ("GM-S006", "info/grafts", "{tip}\n"),
        ("GM-S006", "refs/replace/{tip}", "{tip}\n"),
        ("GM-S003", "shallow", "{tip}\n"),
    ],
)
def test_what_hides_or_replaces_history_is_refused(registry, code, where, text):
    path = registry.path / where.format(tip=registry.tip)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text.format(tip=registry.tip))
    with pytest.raises(GmError) as caught:
        Store.open(registry.path)
    assert caught.value.code == code


@pytest.mark.attack("a repository with SHA-256 names", "GM-S005", by="operator")
def test_a_sha256_repository_is_refused_with_the_reason(tmp_path, home):
    work = init_repository(tmp_path / "w", home, options=("--object-format=sha256",))
    with pytest.raises(GmError) as caught:
        Store.open(work.path)
    assert (caught.value.code, "SHA-256" in caught.value.message) == ("GM-S005", True)
