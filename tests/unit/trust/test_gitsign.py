import json

import pytest

from gitops_models.trust.cms import check_cms
from gitops_models.trust.gitsign import Gitsign, rebuild_bundle
from gitops_models.trust.protobuf import read_fields
from gitops_models.trust.verify import Trusted, verify_commit
from tests.support.cms import cms, cms_commit, field, log_entry, message, rekor_attribute
from tests.support.signed import put_signature

WHO = Gitsign("billy@chainguard.dev", "https://accounts.google.com")


@pytest.fixture(scope="module")
def gitsign_commits(shared_data):
    folder = shared_data / "git-signatures"
    return {mode: (folder / f"gitsign-{mode}.commit").read_bytes() for mode in ("offline", "online")}


def answer(raw, checker=WHO):
    found = verify_commit(raw, Trusted(x509=checker)).signature
    return found.verdict, found.code


def test_a_commit_with_its_log_entry_is_good_for_its_identity(gitsign_commits):
    found = verify_commit(gitsign_commits["offline"], Trusted(x509=WHO))
    assert (found.signature.verdict, found.signature.scheme) == ("good", "x509")
    assert (found.principals, found.email_ok) == (("billy@chainguard.dev",), True)


def test_a_commit_without_its_log_entry_is_untrusted_and_says_what_to_set(gitsign_commits):
    found = verify_commit(gitsign_commits["online"], Trusted(x509=WHO)).signature
    assert (found.verdict, found.code) == ("untrusted", "GM-T052")
    assert "gitsign.rekorMode=offline" in found.detail


def test_another_identity_or_issuer_is_untrusted(gitsign_commits):
    raw = gitsign_commits["offline"]
    assert answer(raw, Gitsign("eve@example.org", WHO.issuer)) == ("untrusted", "GM-T703")
    assert answer(raw, Gitsign(WHO.identity, "https://example.org")) == ("untrusted", "GM-T704")
    assert answer(raw, Gitsign()) == ("untrusted", "GM-T036")
    assert verify_commit(raw, Trusted()).signature.code == "GM-T036"


def test_a_changed_commit_is_bad(gitsign_commits):
    assert answer(gitsign_commits["offline"].replace(b"2023\n", b"2024\n")) == ("bad", "GM-T051")


def test_the_log_entry_becomes_part_of_the_bundle(gitsign_commits):
    raw = gitsign_commits["offline"]
    payload, _, rest = raw.partition(b"gpgsig ")
    signature, _, message_text = rest.partition(b"\n\n")
    made = check_cms(payload + b"\n" + message_text, signature.replace(b"\n ", b"\n"))
    bundle = json.loads(rebuild_bundle(made))
    assert bundle["verificationMaterial"]["tlogEntries"][0]["logIndex"] == "22784639"


@pytest.mark.parametrize("entry", [log_entry(), log_entry(body=b"{}"), log_entry(drop=1)], ids=range(3))
def test_an_entry_that_no_log_made_holds_nothing(entry):
    assert answer(cms_commit(unsigned=[rekor_attribute(entry)])) == ("untrusted", "GM-T702")


@pytest.mark.parametrize(
    "entry",
    [
        b"",
        b"\xff",
        b"\x0d\x00",
        log_entry()[:-1],
        log_entry() + log_entry(),
        log_entry(drop=2),
        log_entry(drop=3),
        log_entry(drop=6),
        field(1, b"text") + log_entry(drop=1),
        log_entry(drop=5) + field(5, 7),
        log_entry(drop=3) + field(3, field(1, b"\xff") + field(2, b"0.0.1")),
    ],
    ids=range(11),  # an entry holds the time, and every worker must call a test by the same name
)
def test_an_entry_that_cannot_be_read_is_malformed(entry):
    assert answer(cms_commit(unsigned=[rekor_attribute(entry)])) == ("malformed", "GM-T053")


def test_a_signature_that_is_none_is_malformed():
    assert answer(put_signature(cms_commit().partition(b"\ngpgsig")[0] + b"\n\nx", message(b"0")))[0] == "malformed"


def test_without_an_entry_there_is_no_bundle():
    assert rebuild_bundle(check_cms(b"x", message(cms(b"x")).encode())) is None


def test_a_protobuf_message_is_read_field_by_field():
    fields = read_fields(field(1, 300) + field(2, b"a") + field(2, b"b"))
    assert (fields.number(1), fields.all(2), fields.number(9), 2 in fields) == (300, [b"a", b"b"], 0, True)
    with pytest.raises(ValueError, match="2 times"):
        fields.data(2)
