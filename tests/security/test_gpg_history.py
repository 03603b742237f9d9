"""Attacks with GPG keys on governed history: the keys of the accepted people file count, whatever gpg believes."""

import base64
import subprocess

import pytest

from gitops_models.errors import GmError
from gitops_models.trust import peoplegpg
from gitops_models.trust.dsse import PAYLOAD_TYPE, Envelope, EnvelopeSignature, pae
from gitops_models.trust.records import verify_record
from tests.support import policy as documents
from tests.support import stories
from tests.support.gpg import PAST, gpg_home, listed
from tests.support.registry import people_document
from tests.support.signed import decision, key_entry
from tests.support.stories import CROWD, last

PEOPLE_YAML = "policies/people.yaml"


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    home = gpg_home(tmp_path_factory.mktemp("gpg") / "home")
    yield home
    home.stop()


class Gpg:
    """Signs with a key of a gpg home, at ``clock`` if that is given."""

    def __init__(self, home, fingerprint, *options, clock=None):
        self.home, self.fingerprint, self.options, self.clock = home, fingerprint, options, clock

    def sign(self, data, namespace):
        assert namespace == "git"
        return self.home.sign(data, self.fingerprint, *self.options, clock=self.clock)


@pytest.fixture(scope="module")
def operator(keys):
    """The fingerprint of the operator's key."""
    return keys.make("operator", clock=PAST)


def entry(*gpg):
    return {"operator": {"keys": [key_entry("operator"), *gpg]}}


@pytest.fixture
def registry(keys, operator, tmp_path):
    """An operator who signs with GPG as well."""
    return of(tmp_path, listed(keys, operator))


def of(path, *gpg):
    story = stories.registry(path / "r", persons=entry(*gpg))
    story.version("fraud", "1.0.0")
    story.live("fraud", "1.0.0", "staging", "production")
    return story


def hold(story, signer, *, by="operator", number=1):
    """Push a hold by force; status, codes, and what was said of the signature."""
    story.commit(documents.hold_file(number, by="operator"), by=by, signer=signer, land=True)
    step = last(story)
    said = [finding.details[0] for finding in step.verdict.findings if finding.code == "GM-P801"]
    return step.status, step.verdict.codes, said


REFUSED = ("denied", ("GM-P506", "GM-P801"))


@pytest.mark.lookalike("a step by a listed GPG key and by its subkey")
def test_a_listed_key_and_its_subkeys_make_steps(keys, tmp_path):
    primary = keys.make("second")
    subkey = keys.add_subkey(primary)
    story = of(tmp_path, listed(keys, primary))
    assert hold(story, Gpg(keys, primary)) == ("accepted", (), [])
    assert hold(story, Gpg(keys, subkey), number=2) == ("accepted", (), [])
    assert last(story).actor.id == "operator"
    assert story.history().state.snapshot.held("fraud", "production")


@pytest.mark.attack("a GPG key that bears the operator's name and address", "GM-P801", by="forge")
def test_a_name_and_an_address_in_a_key_are_nobody(registry, keys):
    imposter = keys.make("imposter")
    keys.run("--quick-add-uid", imposter, "operator <operator@example.org>")
    assert hold(registry, Gpg(keys, imposter)) == (*REFUSED, ["GM-T002"])
    assert registry.live_version("fraud", "production") == "1.0.0"
    assert not registry.history().state.snapshot.held("fraud", "production")


@pytest.mark.attack("a GPG key that the machine's own keyring trusts ultimately", "GM-P801", by="node")
def test_a_machines_own_keyring_and_trust_count_for_nothing(registry, keys, monkeypatch):
    stranger = keys.make("stranger")
    keys.run("--import-ownertrust", stdin=f"{stranger}:6:\n".encode())
    monkeypatch.setenv("GNUPGHOME", str(keys.path))
    peoplegpg._home.cache_clear()
    assert hold(registry, Gpg(keys, stranger)) == (*REFUSED, ["GM-T002"])


@pytest.mark.attack("a subkey of another key that was adopted without its consent", "GM-P801", by="author")
def test_a_signing_key_is_not_adopted(keys, tmp_path):
    """Somebody lists a key with the lead's signing key as a subkey, to be taken for its owner."""
    lead = keys.make("lead")
    thief = keys.make("thief")
    # A subkey packet is a key packet with another tag; its binding signature is the thief's alone.
    packets = base64.b64decode(listed(keys, lead)["key"])
    body = packets[2 : 2 + packets[1]]
    adopted = base64.b64decode(listed(keys, thief)["key"]) + bytes([0xB8, len(body)]) + body
    fields = {"type": "gpg", "fingerprint": thief, "key": base64.b64encode(adopted).decode()}
    story = of(tmp_path, fields)
    assert hold(story, Gpg(keys, lead)) == (*REFUSED, ["GM-T002"])


@pytest.mark.attack("a GPG signature lifted from another commit", "GM-P801", by="forge")
def test_a_signature_of_another_commit_does_not_fit(registry, keys, operator):
    class Lifted:
        def sign(self, _data, _namespace):
            return keys.sign(b"another commit", operator)

    assert hold(registry, Lifted()) == (*REFUSED, ["GM-T003"])


@pytest.mark.attack("a GPG signature that is made to expire", "GM-P801", by="thief")
def test_a_signature_that_expires_counts_on_no_day(registry, keys, operator):
    assert hold(registry, Gpg(keys, operator, "--default-sig-expire", "10y")) == (*REFUSED, ["GM-T004"])


@pytest.mark.attack("a GPG key whose revocation is hidden by its expiry", "GM-P801", by="thief")
def test_a_revoked_key_stays_revoked_after_it_expired(keys, tmp_path):
    gone = keys.make("gone", expires="1y", clock=PAST)
    signer = Gpg(keys, gone, clock=PAST)
    (tmp_path / "before").mkdir()
    assert hold(of(tmp_path / "before", listed(keys, gone)), signer) == ("accepted", (), [])
    # The thief has the private key, in a gpg that knows of no revocation.
    assert hold(of(tmp_path, revoked(keys, gone)), signer) == (*REFUSED, ["GM-T005"])


def revoked(keys, fingerprint):
    """The entry with the owner's revocation in it; the key itself goes on in ``keys`` as if nothing were."""
    known = base64.b64decode(listed(keys, fingerprint)["key"])
    armored = (keys.path / "openpgp-revocs.d" / f"{fingerprint}.rev").read_text().replace(":-----BEGIN", "-----BEGIN")
    revocation = keys.run("--dearmor", stdin=armored[armored.index("-----BEGIN") :].encode())
    first = 2 + known[1]
    return {**listed(keys, fingerprint), "key": base64.b64encode(known[:first] + revocation + known[first:]).decode()}


@pytest.mark.lookalike("a listed GPG key that has expired since")
def test_an_expiry_changes_no_verdict_on_any_day(keys, tmp_path):
    """Dates decide nothing on governed history: a key counts as long as the file names it."""
    old = keys.make("old", expires="1y", clock=PAST)
    story = of(tmp_path, listed(keys, old, clock=PAST))
    assert hold(story, Gpg(keys, old, clock=PAST)) == ("accepted", (), [])


def without_key(story):
    """Take the operator's GPG key out of the people file by an approved change."""
    proposal = story.draft("-", {PEOPLE_YAML: people_document(CROWD)}, by="owner", event="policy")
    story.approve(proposal, "raio")
    story.merge(proposal, by="owner")


@pytest.mark.attack("a back-dated GPG commit after the key was taken out", "GM-P801", by="thief")
def test_a_key_that_was_taken_out_counts_no_more_whatever_the_date(registry, keys, operator):
    assert hold(registry, Gpg(keys, operator)) == ("accepted", (), [])
    before = registry.history().tip
    without_key(registry)
    assert hold(registry, Gpg(keys, operator, clock=PAST), number=2) == (*REFUSED, ["GM-T002"])
    steps = {step.oid: step.status for step in registry.history().steps}
    assert steps[before] == "accepted"


@pytest.mark.attack("a GPG commit under another person's address", "GM-P802", by="author")
def test_the_address_must_be_the_persons_whatever_the_key_names(registry, keys, operator):
    keys.run("--quick-add-uid", operator, "lead <lead@example.org>")
    status, codes, _ = hold(registry, Gpg(keys, operator), by="lead")
    assert (status, codes) == ("denied", ("GM-P802",))


@pytest.mark.attack("a GPG armor with garbage or a second signature", "GM-P801", by="forge")
def test_what_is_no_plain_signature_keeps_its_code_and_ends_no_walk(registry, keys, operator):
    class Words:
        def __init__(self, change):
            self.change = change

        def sign(self, data, _namespace):
            return self.change(keys.sign(data, operator))

    assert hold(registry, Words(lambda text: text.replace("\n\n", "\n\n "))) == (*REFUSED, ["GM-T012"])
    assert hold(registry, Words(lambda text: f"{text}trailing\n"), number=2)[2] == ["GM-T012", "GM-T011"]
    assert hold(registry, Words(lambda _: "-----BEGIN PGP SIGNATURE-----\n"), number=3)[2][2:] == ["GM-T010"]
    assert registry.live_version("fraud", "production") == "1.0.0"


@pytest.mark.attack("a decision signed with GPG", "GM-T010", by="reviewer")
def test_a_decision_is_an_ssh_signature(keys, operator):
    """Records carry SSHSIG: its namespace says what was meant, which OpenPGP has no place for."""
    honest = Envelope.decode(decision("operator").envelope)
    signature = keys.sign(pae(PAYLOAD_TYPE, honest.payload), operator)
    forged = Envelope(PAYLOAD_TYPE, honest.payload, (EnvelopeSignature(operator, signature.encode()),))
    with pytest.raises(GmError) as caught:
        verify_record(forged.encode())
    assert caught.value.code == "GM-T010"


def test_one_process_reads_a_whole_history(registry, keys, operator, monkeypatch):
    for number in range(1, 7):
        action = "hold" if number % 2 else "lift"
        files = documents.hold_file(number, by="operator", action=action, root_cause="https://example.org/1")
        registry.commit(files, by="operator", signer=Gpg(keys, operator), land=True)
    registry.commit({}, by="operator", signer=Gpg(keys, operator), land=True)
    peoplegpg._home.cache_clear()
    started = []
    run = subprocess.run
    monkeypatch.setattr(subprocess, "run", lambda command, **how: started.append(command) or run(command, **how))
    registry.history()
    assert [command[-1] for command in started if "--verify-files" in command] == ["5"]
    assert len([command for command in started if command[0] == "gpg"]) == 3


@pytest.fixture
def verified(monkeypatch):
    """The last word of every gpg that was started to verify: the number of the last file."""
    started = []
    run = subprocess.run
    monkeypatch.setattr(subprocess, "run", lambda command, **how: started.append(command) or run(command, **how))
    peoplegpg._home.cache_clear()
    return lambda: [command[-1] for command in started if "--verify-files" in command]


@pytest.mark.attack("thousands of GPG signatures on commits that change nothing governed", "GM-P801", by="author")
def test_who_signed_what_is_not_governed_is_not_asked(registry, keys, operator, verified):
    for number in range(5):
        registry.commit({"README.md": b"%d" % number}, by="operator", signer=Gpg(keys, operator), land=True)
    assert hold(registry, Gpg(keys, operator)) == ("accepted", (), [])
    assert verified() == ["0"]
    peoplegpg._home.cache_clear()
    assert hold(registry, Gpg(keys, keys.make("flood")), number=2) == (*REFUSED, ["GM-T002"])


@pytest.mark.parametrize("parent", ["missing", "blob"])
def test_an_ungoverned_merge_with_an_unreadable_parent_stops_no_reading_ahead(registry, keys, operator, parent):
    from tests.security.test_malformed import odd  # noqa: PLC0415

    lost = "d" * 40 if parent == "missing" else str(registry.store.libgit2.create_blob(b"no commit"))
    tree = registry.store.commit(registry.tip).tree
    side = odd(registry, f"tree {{tree}}\nparent {lost}\nauthor {{who}}\ncommitter {{who}}\n\nm\n", tree)
    registry.commit({"README.md": b"1"}, parents=[registry.tip, side], land=True)
    assert last(registry).status == "untouched"
    assert hold(registry, Gpg(keys, operator)) == ("accepted", (), [])


def test_a_tag_by_a_listed_key_is_good(registry, keys, operator):
    from gitops_models.store.objects import Ident  # noqa: PLC0415
    from gitops_models.store.writer import write_tag  # noqa: PLC0415
    from gitops_models.verification.admission import tag_target  # noqa: PLC0415

    step = registry.history().state.registered["fraud", "1.0.0"].step
    for signer, target in ((Gpg(keys, operator), step), (Gpg(keys, keys.make("tagger")), None)):
        ident = Ident("operator", "operator@example.org", 1_795_000_000)
        sign = signer.sign
        oid = write_tag(registry.store, "fraud@v1.0.0", step, "x", ident, lambda data, sign=sign: sign(data, "git"))
        registry.force(oid, "refs/tags/fraud@v1.0.0")
        assert tag_target(registry.store, registry.history(), "fraud@v1.0.0") == target
