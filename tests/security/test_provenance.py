"""Where a version comes from: a stage asks for the word of a named CI workload, and nobody else's counts."""

import hashlib
import json

import pytest

from gitops_models.delivery.follow import Followed
from gitops_models.delivery.journal import Journal
from gitops_models.delivery.reconciler import Reconciler
from gitops_models.delivery.recorder import NoRecorder
from gitops_models.delivery.targets.directory import DirectoryTarget
from gitops_models.errors import GmError
from gitops_models.policy.denied import Denied
from gitops_models.trust.keyless.provenance import verify_provenance
from gitops_models.verification import provenance
from gitops_models.workflows.attached import attachments
from gitops_models.workflows.attest import Attest, attest
from gitops_models.workflows.checking import check_range
from tests.support import policy as documents
from tests.support import stories
from tests.support.provenance import (
    ASKS,
    ATTACHED,
    COMMIT,
    ROOT,
    asking,
    attach,
    sign,
    statement,
    trainer,
    with_workloads,
    workflow,
)
from tests.support.registry import NO_EVIDENCE, SHORT
from tests.support.sigstore_loopback import loopback


@pytest.fixture(name="story")
def _story(stack, tmp_path):
    return asking(tmp_path / "r", stack)


def promoted(story):
    """Promote to production with every approval; the step."""
    proposal = story.promote("fraud", "1.0.0", "production")
    story.approve(proposal, "lead")
    return story.merge(proposal)


def refusal_of(story):
    """The codes with which the judge refuses the promotion and its only finding; nothing moves."""
    with story.untouched(), pytest.raises(Denied) as refusal:
        story.promote("fraud", "1.0.0", "production")
    assert story.live_version("fraud", "production") is None
    return refusal.value.verdict


def reasons(verdict):
    """The code that refuses, beside the approvals that nobody was asked for yet, and the GM-T codes it tells of."""
    found, missing = verdict.denials
    assert missing.code == "GM-P401"
    return found.code, [detail.split(": ")[1] for detail in found.details]


def forced(story):
    """Land the promotion by force, past every door; what a reader of the line then takes for live."""
    state = story.history().state.snapshot
    story.pinned = state.entry("models/fraud/stages/production.yaml")
    pinned = state.data("models/fraud/stages/staging.yaml").replace(b"staging", b"production")
    head = story.commit({"models/fraud/stages/production.yaml": pinned})
    story.merge_by_hand(head)
    return story.live_version("fraud", "production"), story.history().steps[-1]


@pytest.mark.lookalike("a promotion with provenance by the named workload")
def test_a_version_that_the_named_workload_vouches_for_is_promoted(story, stack, tmp_path):
    attach(story, sign(stack, tmp_path, statement(story)))
    promoted(story)
    assert story.live_version("fraud", "production") == "1.0.0"


@pytest.mark.attack("promote without the provenance that the stage asks for", "GM-P330", by="author")
def test_a_version_without_provenance_is_refused(story):
    verdict = refusal_of(story)
    assert verdict.codes == ("GM-P330", "GM-P401")
    live, step = forced(story)
    assert (live, step.status, step.verdict.codes[0]) == (None, "denied", "GM-P330")


@pytest.mark.attack("provenance by another workflow or for another ref", "GM-T703", by="ci")
@pytest.mark.attack("provenance from a repository of the same name with another id", "GM-T710", by="ci")
@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"ref": "refs/pull/7/merge"}, "GM-T703"),
        ({"workflow_path": ".github/workflows/other.yml"}, "GM-T703"),
        ({"repository": "mallory/registry"}, "GM-T703"),
        ({"repository_id": "999"}, "GM-T710"),
        ({"repository_owner_id": "999"}, "GM-T710"),
        ({"runner_environment": "self-hosted"}, "GM-T710"),
        ({"sha": "2" * 40}, "GM-T710"),
        ({"event_name": "workflow_dispatch"}, "GM-T710"),
        ({"event_name": "pull_request_target"}, "GM-T710"),
    ],
    ids=repr,
)
def test_another_run_does_not_count(story, stack, tmp_path, claims, code):
    attach(story, sign(stack, tmp_path, statement(story), **claims))
    assert reasons(refusal_of(story)) == ("GM-P331", [code])
    live, step = forced(story)
    assert (live, step.status, step.verdict.codes[0]) == (None, "denied", "GM-P331")


@pytest.mark.attack("provenance by an instance of Sigstore that is not the pinned one", "GM-T702", by="author")
def test_a_foreign_root_does_not_count(story, tmp_path, stack):
    with loopback() as foreign:
        foreign.oidc_key, url = stack.oidc_key, foreign.url
        bundle = sign(foreign, tmp_path, statement(story), iss=stack.url)
    assert url != stack.url
    attach(story, bundle)
    assert reasons(refusal_of(story)) == ("GM-P331", ["GM-T702"])


@pytest.mark.attack("provenance from tokens of another issuer", "GM-T704", by="ci")
def test_another_issuer_does_not_count(stack, tmp_path):
    other = trainer(stack, workflows=[workflow(stack, issuer="https://issuer.example")])
    story = asking(tmp_path / "r", stack, workloads=[other])
    attach(story, sign(stack, tmp_path, statement(story)))
    assert reasons(refusal_of(story)) == ("GM-P331", ["GM-T704"])


@pytest.mark.attack("edit the signature inside an attached bundle", "GM-T702", by="storage")
def test_a_tampered_bundle_does_not_count(story, stack, tmp_path):
    fields = json.loads(sign(stack, tmp_path, statement(story)))
    other = json.loads(sign(stack, tmp_path, {**statement(story), "predicate": {**statement(story)["predicate"]}}))
    fields["dsseEnvelope"]["signatures"] = other["dsseEnvelope"]["signatures"]
    attach(story, json.dumps(fields).encode())
    assert reasons(refusal_of(story)) == ("GM-P331", ["GM-T702"])


def changed(fields, **predicate):
    definition = fields["predicate"]["buildDefinition"]
    definition["externalParameters"] |= predicate
    return fields


def without_subject(fields):
    fields["subject"] = fields["subject"][1:] or [{"name": "none", "digest": {"sha256": "0" * 64}}]
    return fields


def with_extra(fields):
    return {**fields, "subject": [*fields["subject"], {"name": "extra", "digest": {"sha256": "e" * 64}}]}


def other_bytes(fields):
    return {**fields, "subject": [{"name": "model.onnx", "digest": {"sha256": "e" * 64}}]}


@pytest.mark.attack("attach a statement about other bytes or one subject more", "GM-P333", by="author")
@pytest.mark.attack("attach provenance of another version to this one", "GM-T713", by="author")
@pytest.mark.parametrize(
    ("change", "code"),
    [
        (other_bytes, "GM-T705"),
        (with_extra, "GM-T705"),
        (without_subject, "GM-T705"),
        (lambda fields: {**fields, "predicateType": "https://example.org/other"}, "GM-T707"),
        (lambda fields: changed(fields, lineage_sha256="f" * 64), "GM-T713"),
        (lambda fields: {**fields, "predicate": {}}, "GM-T713"),
    ],
)
def test_a_statement_about_something_else_is_not_even_attached(story, stack, tmp_path, change, code):
    bundle = sign(stack, tmp_path, change(statement(story)))
    with story.untouched(), pytest.raises(Denied) as refusal:
        attach(story, bundle)
    (found,) = refusal.value.verdict.denials
    assert (found.code, found.where, code in found.message) == ("GM-P333", ATTACHED, True)
    lineage = story.history().state.snapshot.lineage("fraud", "1.0.0")
    assert lineage.code.commit


@pytest.mark.attack("attach rubbish that stays for ever", "GM-T700", by="author")
@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"[]",
        b"not json",
        b'{"dsseEnvelope": {}, "dsseEnvelope": {}}',
        b'{"dsseEnvelope": {"payload": "eA", "payloadType": "application/vnd.in-toto+json", "signatures": [{}]}}',
        b'{"messageSignature": {}}',
        b'{"a": NaN}',
        b"[" * 100_000,
        b'{"x": "' + b"x" * (1 << 20) + b'"}',
    ],
    ids=range(10),
)
def test_rubbish_is_not_attached(story, data):
    for path in (ATTACHED, ATTACHED.replace("lineage.sigstore.json", "model.sig")):
        with story.untouched(), pytest.raises(Denied) as refusal:
            attach(story, data, path)
        (found,) = refusal.value.verdict.denials
        assert (found.code, found.message.endswith("(GM-T700)")) == ("GM-P333", True)


@pytest.mark.attack("drown the good signature in others", "GM-T715", by="author")
def test_no_more_than_sixteen_signatures_are_attached(story, stack, tmp_path):
    bundle = sign(stack, tmp_path, statement(story))
    many = {ATTACHED.replace("lineage", f"lineage.{number}"): bundle for number in range(1, 17)}
    with story.untouched(), pytest.raises(Denied) as refusal:
        attach(story, {**many, ATTACHED: bundle})
    assert {found.code for found in refusal.value.verdict.denials} == {"GM-P333"}
    assert all(found.message.endswith("(GM-T715)") for found in refusal.value.verdict.denials)
    attach(story, many)
    promoted(story)


@pytest.mark.attack("replace an attached signature", "GM-P102", by="author")
def test_an_attached_signature_is_never_edited(story, stack, tmp_path):
    attach(story, sign(stack, tmp_path, statement(story)))
    for data in (sign(stack, tmp_path, statement(story)), None):
        with story.untouched(), pytest.raises(Denied) as refusal:
            attach(story, data)
        assert "GM-P102" in refusal.value.verdict.codes


def test_a_bad_signature_beside_a_good_one_does_no_harm(story, stack, tmp_path):
    attach(story, sign(stack, tmp_path, statement(story), runner_environment="self-hosted"))
    again = ATTACHED.replace("lineage", "lineage.2")
    attach(story, sign(stack, tmp_path, statement(story)), again)
    promoted(story)


def test_a_version_without_a_commit_has_nothing_to_compare(stack, tmp_path):
    story = asking(tmp_path / "r", stack, code=False)
    attach(story, sign(stack, tmp_path, statement(story)))
    assert reasons(refusal_of(story)) == ("GM-P331", ["GM-T714"])


@pytest.mark.attack("rely on a workload that may not sign provenance", "GM-P332", by="author")
@pytest.mark.parametrize("change", [{"may": ["receipt"]}, {"workflows": []}, {"id": "another"}], ids=repr)
def test_a_workload_that_is_not_declared_for_it_does_not_count(stack, tmp_path, change):
    story = asking(tmp_path / "r", stack, workloads=[trainer(stack, **change)])
    attach(story, sign(stack, tmp_path, statement(story)))
    assert refusal_of(story).codes == ("GM-P332", "GM-P401")


@pytest.mark.parametrize(
    ("root", "code"), [(False, "GM-T708"), (b"{}", "GM-T708"), (b"[]", "GM-T708")], ids=["none", "{}", "[]"]
)
def test_another_root_or_one_that_is_none_makes_nothing_good(stack, tmp_path, root, code):
    story = asking(tmp_path / "r", stack, root=root)
    attach(story, sign(stack, tmp_path, statement(story)))
    assert reasons(refusal_of(story)) == ("GM-P331", [code])


@pytest.mark.lookalike("a rollback to what was accepted before the rule")
def test_a_rollback_waits_for_no_provenance(stack, tmp_path):
    story = stories.registry(tmp_path / "r")
    story.version("fraud", "1.0.0")
    story.live("fraud", "1.0.0", *stories.STAGES)
    asks = documents.policy_yaml("minimal", **{**NO_EVIDENCE, **SHORT, **ASKS}, version=2)
    files = {ROOT: json.dumps(stack.root).encode(), "policies/people.yaml": with_workloads(trainer(stack))}
    story.pin = story.commit({**files, stories.POLICY: asks}, land=True)
    story.version("fraud", "1.1.0", code={"commit": COMMIT})
    story.live("fraud", "1.1.0", "staging")
    attach(story, sign(stack, tmp_path, statement(story, "1.1.0")), ATTACHED.replace("1.0.0", "1.1.0"))
    promote = story.promote("fraud", "1.1.0", "production")
    story.approve(promote, "lead")
    story.merge(promote)
    assert story.live_version("fraud", "production") == "1.1.0"
    story.merge(story.rollback("fraud", stage="production"), by="operator")
    assert story.live_version("fraud", "production") == "1.0.0"


def test_ci_is_told_by_the_same_judge(story, stack, tmp_path):
    attach(story, sign(stack, tmp_path, statement(story), repository_id="999"))
    pinned = story.history().state.snapshot.data("models/fraud/stages/staging.yaml")
    head = story.commit({"models/fraud/stages/production.yaml": pinned.replace(b"staging", b"production")})
    with story.untouched():
        verdict = check_range(story.path, story.tip, head, story.clock, pin=story.pin).verdict
    assert verdict.codes[0] == "GM-P331"
    assert "GM-T710" in verdict.denials[0].details[0]


def test_a_bundle_is_checked_once(home, story, stack, tmp_path, monkeypatch):
    attach(story, sign(stack, tmp_path, statement(story)))
    promoted(story)
    kept = list((home / ".cache" / "gitops-models" / "keyless").iterdir())
    assert len(kept) == 1

    calls = []
    monkeypatch.setattr(provenance, "verify_provenance", lambda *a, **k: calls.append(1) or verify_provenance(*a, **k))
    assert story.live_version("fraud", "production") == "1.0.0"
    assert calls == []
    for rubbish in (b"{", b'["GM-T702"]', b"[1, 2]", b'{"a": 1}'):
        kept[0].write_bytes(rubbish)
        assert story.live_version("fraud", "production") == "1.0.0"
    assert len(calls) == 4


def test_a_folder_that_cannot_be_written_costs_time_only(home, story, stack, tmp_path):
    attach(story, sign(stack, tmp_path, statement(story)))
    (home / ".cache").write_text("a file where a folder belongs")
    promoted(story)


def test_there_must_be_something_to_attach(story):
    with story.untouched(), pytest.raises(GmError) as refusal:
        attest(story.session("engineer"), Attest("fraud@1.0.0", "why"))
    assert refusal.value.code == "GM-C190"


def test_a_lineage_that_cannot_be_read_is_no_ground_to_stand_on(story, stack, tmp_path):
    attach(story, sign(stack, tmp_path, statement(story)))
    snapshot = story.history().state.snapshot
    broken = snapshot.with_entries({"models/fraud/versions/1.0.0/lineage.yaml": story.entry(b"kind: [")})
    place = provenance.Version(broken, "fraud", "1.0.0")
    names = provenance.signature_names(broken, "fraud", "1.0.0")
    people = story.history().people
    (found,) = provenance.attestations(story.store, place, names, people, ["trainer"], root=None)
    assert found.code.startswith("GM-D")


def test_signatures_that_nobody_declared_here_can_judge_are_said_to_be_so(stack, tmp_path):
    story = asking(tmp_path / "r", stack, workloads=[])
    attach(story, sign(stack, tmp_path, statement(story)))
    (found,) = attachments(story.session("lead"))
    assert (found.by, found.code) == (None, "GM-P332")


class Cellar:
    """A reconciler over the registry itself: a real directory target, and the bytes that the lineage records."""

    def __init__(self, story, folder):
        self.story = story
        self.folder = folder
        self.reconciler = Reconciler(
            targets=[DirectoryTarget(folder / "srv", id="local", stages=("production",))],
            load_history=lambda: Followed(story.history()),
            source_for=lambda _: self.bring,
            journal=Journal(folder / "journal"),
            recorder=NoRecorder(),
            clock=story.clock.now,
        )

    def bring(self, wanted, destination):
        for artifact in wanted.artifacts:
            (destination / artifact.path).write_bytes(BYTES[artifact.sha256])

    def serve(self):
        """Reconcile once; what is served then."""
        self.reconciler.run()
        live = self.folder / "srv" / "fraud" / "production" / "current" / "model.onnx"
        return live.read_bytes() if live.exists() else None


BYTES = {hashlib.sha256(data).hexdigest(): data for data in (b"first", b"second")}


def entry_of(data):
    return {
        "path": "model.onnx",
        "role": "weights",
        "sha256": hashlib.sha256(data).hexdigest(),
        "size": len(data),
        "md5": hashlib.md5(data).hexdigest(),
    }


@pytest.mark.attack("force an unattested version onto the line", "GM-P331", by="forge")
def test_the_reconciler_keeps_the_old_model_when_provenance_does_not_hold(stack, tmp_path):
    story = asking(tmp_path / "r", stack, artifacts=[entry_of(b"first")])
    attach(story, sign(stack, tmp_path, statement(story)))
    promoted(story)
    cellar = Cellar(story, tmp_path)
    assert cellar.serve() == b"first"
    story.version("fraud", "1.1.0", code={"commit": COMMIT}, artifacts=[entry_of(b"second")])
    story.live("fraud", "1.1.0", "staging")
    path = ATTACHED.replace("1.0.0", "1.1.0")
    attach(story, sign(stack, tmp_path, statement(story, "1.1.0"), runner_environment="self-hosted"), path)
    live, step = forced(story)
    assert (live, step.verdict.codes[0]) == ("1.0.0", "GM-P331")
    assert cellar.serve() == b"first"
    story.commit({"models/fraud/stages/production.yaml": story.pinned}, land=True)  # back to what was accepted
    attach(story, sign(stack, tmp_path, statement(story, "1.1.0")), path.replace("lineage", "lineage.2"))
    proposal = story.promote("fraud", "1.1.0", "production")
    story.approve(proposal, "lead")
    story.merge(proposal)
    assert cellar.serve() == b"second"
