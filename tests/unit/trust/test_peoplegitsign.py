import sys

import pytest

from gitops_models.registry.documents import People
from gitops_models.trust import peoplegitsign
from gitops_models.trust.keyless import roots
from gitops_models.trust.keyless.roots import packaged
from gitops_models.trust.verify import people_trusted, verify_commit
from tests.support.cms import cms_commit, rekor_attribute
from tests.support.signed import key_entry

BILLY, GOOGLE = "billy@chainguard.dev", "https://accounts.google.com"


@pytest.fixture(scope="module")
def commits(shared_data):
    folder = shared_data / "git-signatures"
    return {mode: (folder / f"gitsign-{mode}.commit").read_bytes() for mode in ("offline", "online")}


def of(*identities, issuer=GOOGLE, emails=(BILLY,), key=None, **fields):
    keys = [{"type": "sigstore", "identity": identity, "issuer": issuer, **(key or {})} for identity in identities]
    keys.append(key_entry("billy"))
    return People.model_validate({"people": [{"id": "billy", "emails": emails, "keys": keys}], **fields})


PRODUCTION = packaged("trusted_root.json", staging=False).read_bytes()


def answer(raw, known, root=PRODUCTION):
    found = verify_commit(raw, people_trusted(known, lambda: root)).signature
    return found.verdict, found.code


def test_a_listed_identity_signs_for_its_person(commits):
    found = verify_commit(commits["offline"], people_trusted(of(BILLY), lambda: PRODUCTION))
    assert (found.signature.verdict, found.signature.scheme) == ("good", "x509")
    assert (found.actor.id, found.email_ok, found.principals) == ("billy", True, ("billy",))
    assert not verify_commit(commits["offline"], of(BILLY, emails=["other@example.org"])).email_ok


def test_a_commit_without_its_log_entry_is_untrusted_and_says_what_to_set(commits):
    found = verify_commit(commits["online"], of(BILLY)).signature
    assert (found.verdict, found.code) == ("untrusted", "GM-T052")
    assert "gitsign.rekorMode=offline" in found.detail


def test_nobody_else_counts(commits):
    raw = commits["offline"]
    assert answer(raw, of()) == ("untrusted", "GM-T002")
    assert answer(raw, of("eve@example.org")) == ("untrusted", "GM-T002")
    assert answer(raw, of(BILLY, issuer="https://example.org")) == ("untrusted", "GM-T002")


def test_an_identity_that_is_part_of_the_signers_is_another(commits):
    """`billy@chainguard.dev` holds `illy@chainguard.dev`, which is somebody else; the right one is still found."""
    raw, part = commits["offline"], BILLY[1:]
    assert answer(raw, of(part)) == ("untrusted", "GM-T703")
    assert answer(raw, of(part, BILLY)) == ("good", None)


def test_an_issuer_that_is_part_of_the_signers_is_another(commits):
    assert answer(commits["offline"], of(BILLY, issuer="https://accounts.google")) == ("untrusted", "GM-T704")


def test_a_listed_identity_can_be_declared_compromised_or_kept_from_git(commits):
    lost = {"fingerprint": of(BILLY).people[0].keys[0].fingerprint, "since": "0" * 40}
    assert answer(commits["offline"], of(BILLY, compromised=[lost])) == ("revoked", "GM-T005")
    assert answer(commits["offline"], of(BILLY, key={"namespaces": ["other"]})) == ("untrusted", "GM-T007")


def test_the_pinned_root_is_the_one_that_counts(commits):
    raw = commits["offline"]
    staging = packaged("trusted_root.json", staging=True).read_bytes()
    assert answer(raw, of(BILLY)) == ("good", None)
    assert answer(raw, of(BILLY), staging) == ("untrusted", "GM-T702")
    assert answer(raw, of(BILLY), b"no root\n") == ("untrusted", "GM-T708")
    assert answer(raw, of(BILLY), None) == ("untrusted", "GM-T708")


def test_trouble_that_passes_is_asked_again(commits, monkeypatch):
    def broken(**_):
        raise OSError(24, "Too many open files")

    peoplegitsign._fault.cache_clear()
    with monkeypatch.context() as patched:
        peoplegitsign._verifier.cache_clear()
        roots.verifier_of.cache_clear()
        patched.setattr(roots, "TemporaryDirectory", broken)
        assert answer(commits["offline"], of(BILLY)) == ("untrusted", "GM-T708")
    assert answer(commits["offline"], of(BILLY)) == ("good", None)


def test_what_is_no_signature_keeps_its_own_code(commits):
    assert answer(commits["offline"].replace(b"2023\n", b"2024\n"), of(BILLY)) == ("bad", "GM-T051")
    assert answer(cms_commit(), of(BILLY)) == ("untrusted", "GM-T052")
    broken = cms_commit(unsigned=[rekor_attribute(b"\xff")])
    assert answer(broken, of(BILLY)) == ("malformed", "GM-T053")


def test_sigstore_is_reached_for_a_possible_signer_only(commits, monkeypatch):
    peoplegitsign._fault.cache_clear()
    monkeypatch.setitem(sys.modules, "gitops_models.trust.keyless.bundle", None)
    assert answer(commits["offline"], of("eve@example.org")) == ("untrusted", "GM-T002")
    assert answer(commits["online"], of(BILLY)) == ("untrusted", "GM-T052")
    with pytest.raises(ImportError):
        answer(commits["offline"], of(BILLY))
