"""Receipts: only the declared workload's word on what was reviewed counts, and only for the very step it names."""

import json
from datetime import timedelta

import pytest

from gitops_models.cli.run import run
from gitops_models.errors import GmError
from gitops_models.registry import yamls
from gitops_models.registry.canonical import jcs
from gitops_models.registry.times import format_time
from gitops_models.store.config import set_config
from gitops_models.trust.keyless.sign import keyless_signer
from gitops_models.trust.ledger import Ledger
from gitops_models.trust.memory import Memory, Pin, memory_path, save_memory
from gitops_models.trust.records import Receipt, make_receipt, receipt_payload, verify_record
from gitops_models.verification.fold import fold
from gitops_models.verification.receipts import Bench, Merged, hear
from gitops_models.workflows.carry import carry
from gitops_models.workflows.hook import Moved, pre_receive
from tests.support import stories
from tests.support.keys import ed25519_key
from tests.support.provenance import ROOT, with_workloads, workflow
from tests.support.sigstore_loopback import github_claims, loopback

ACCOUNTS = {"lead": 11, "lead2": 12, "engineer": 13}
NOBODY = "GM-T108"
FLOW = ".github/workflows/gm-receipt.yml"
RUN = b"on: {push: {branches: [main]}}\n"


def people(stack, **workload):
    """Accounts on the forge for three persons; ``scribe`` has a key and a workflow and signs receipts."""
    key = {"type": "ssh", "key": ed25519_key("scribe").public_key}
    scribe = {"id": "scribe", "keys": [key], "workflows": [workflow(stack)], "may": ["receipt"], **workload}
    found = yamls.load(with_workloads(scribe), "people.yaml")
    for person in found["people"]:
        if person["id"] in ACCOUNTS:
            person["logins"] = [{"forge": "github", "login": person["id"], "id": ACCOUNTS[person["id"]]}]
    return yamls.dump(found)


def told(path, stack, approvers=(), **workload):
    """``fraud`` 1.0.0 is registered, and its promotion merged without acceptance: as a forge merges."""
    story = stories.registry(path)
    files = {"policies/people.yaml": people(stack, **workload), ROOT: json.dumps(stack.root).encode(), FLOW: RUN}
    story.pin = story.commit(files, land=True)
    story.version("fraud", "1.0.0")
    proposal = story.promote("fraud", "1.0.0", "staging")
    story.approve(proposal, *approvers)
    story.step = story.merge_by_hand(proposal.head, by="lead2")
    return story


@pytest.fixture(name="story")
def _story(stack, tmp_path):
    return told(tmp_path / "r", stack)


def review(person="lead", state="approved", number=1, story=None, **changes):
    account = ACCOUNTS.get(person, person)
    commit = story.store.commit(story.step).parents[1] if story else "0" * 40
    return {
        "id": number,
        "user_id": account,
        "state": state,
        "commit_id": commit,
        "submitted_at": "2026-11-21T12:00:00Z",
        **changes,
    }


def body_of(story, **changes):
    base, head = story.store.commit(story.step).parents
    step = story.history().steps[-1]
    fields = {
        "main": story.step,
        "forge": "github",
        "pull_request": 7,
        "head": head,
        "base": base,
        "merge": story.step,
        "change_id": step.change_id,
        "at": format_time(story.clock.now()),
        "reviews": [review(story=story)],
        "verdict": "allowed",
        "policy_sha256": "a" * 64,
        **changes,
    }
    return Receipt.model_validate(fields)


def keyless(stack, folder, body, **claims):
    config = folder / "config.json"
    config.write_text(json.dumps(stack.config()))
    stack.claims = {key: value for key, value in github_claims(sha=body.main, **claims).items() if value is not None}
    bundle = keyless_signer(config, token=stack.token()).sign_statement(receipt_payload(body))
    return verify_record(jcs(json.loads(bundle)))


def put(story, record, change_id=None):
    """Write a record to the ledger past every check, as whoever can push there could."""
    story.session("engineer").writer().append(change_id or record.change_id, record)


def add(story, tmp_path, record):
    path = tmp_path / "receipt.json"
    path.write_bytes(record.envelope)
    return carry(story.session("engineer"), [path])


def refused(story, tmp_path, record):
    """The code with which the receipt is refused; put into the ledger all the same it changes nothing."""
    with story.untouched(), pytest.raises(GmError) as refusal:
        add(story, tmp_path, record)
    put(story, record)
    assert story.history().steps[-1].status != "accepted"
    assert story.live_version("fraud", "staging") is None
    return refusal.value.code


@pytest.mark.lookalike("a receipt signed with the declared workload's key")
def test_a_receipt_with_a_key_accepts_the_step(story, tmp_path):
    assert story.history().steps[-1].status == "pending"
    (added,) = add(story, tmp_path, make_receipt(body_of(story), ed25519_key("scribe")))
    assert (added.kind, added.keyless) == ("receipt", False)
    step = story.history().steps[-1]
    assert (step.status, step.at) == ("accepted", added.body.accepted_at)
    assert story.live_version("fraud", "staging") == "1.0.0"
    (quorum,) = step.verdict.quorums
    assert [(one.person, one.how) for one in quorum.counted] == [("lead", "forge")]


@pytest.mark.lookalike("a receipt signed keyless by the declared workflow")
def test_a_keyless_receipt_accepts_the_step(home, story, stack, tmp_path):
    (added,) = add(story, tmp_path, keyless(stack, tmp_path, body_of(story)))
    assert added.keyless
    assert story.history().steps[-1].status == "accepted"
    assert len(list((home / ".cache" / "gitops-models" / "keyless").iterdir())) == 1
    assert not (story.store.common_dir / "gm" / "keyless").exists()


def test_a_receipt_made_at_a_later_step_takes_effect_there(story, stack, tmp_path):
    later = story.commit({"README.md": b"x"}, land=True)
    body = body_of(story, main=later, change_id=story.history().steps[-2].change_id)
    add(story, tmp_path, keyless(stack, tmp_path, body))
    step = story.history().steps[-2]
    assert (step.status, step.released) == ("accepted", later)


@pytest.mark.attack("a receipt from another workflow, ref or repository", "GM-T703", by="ci")
@pytest.mark.attack("a receipt from a repository of the same name, or not on a push", "GM-T710", by="ci")
@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"ref": "refs/pull/7/merge"}, "GM-T703"),
        ({"workflow_path": ".github/workflows/other.yml"}, "GM-T703"),
        ({"repository": "mallory/registry"}, "GM-T703"),
        ({"repository_id": "999"}, "GM-T710"),
        ({"repository_owner_id": "999"}, "GM-T710"),
        ({"runner_environment": "self-hosted"}, "GM-T710"),
        ({"event_name": "workflow_dispatch"}, "GM-T710"),
        ({"event_name": "pull_request_target"}, "GM-T710"),
    ],
    ids=repr,
)
def test_a_receipt_by_another_run_is_ignored(story, stack, tmp_path, claims, code):
    assert refused(story, tmp_path, keyless(stack, tmp_path, body_of(story), **claims)) == code


@pytest.mark.attack("a receipt made on another commit than it names", "GM-T710", by="ci")
def test_a_receipt_of_a_run_on_another_commit_is_ignored(story, stack, tmp_path):
    config = tmp_path / "config.json"
    config.write_text(json.dumps(stack.config()))
    stack.claims = github_claims(sha="2" * 40)
    bundle = keyless_signer(config, token=stack.token()).sign_statement(receipt_payload(body_of(story)))
    assert refused(story, tmp_path, verify_record(jcs(json.loads(bundle)))) == "GM-T710"


@pytest.mark.attack("a receipt signed at another Sigstore instance", "GM-T702", by="forge")
def test_a_receipt_under_a_foreign_root_is_ignored(story, stack, tmp_path):
    with loopback() as foreign:
        record = keyless(foreign, tmp_path, body_of(story))
    assert refused(story, tmp_path, record) == "GM-T704"  # of its own issuer, which no workflow here names
    with loopback() as foreign:
        foreign.claims = github_claims(sha=story.step)
        (tmp_path / "config.json").write_text(json.dumps(foreign.config()))
        token = foreign.token(iss=stack.url)
        signer = keyless_signer(tmp_path / "config.json", token=token)
        bundle = signer.sign_statement(receipt_payload(body_of(story, pull_request=8)))
    assert refused(story, tmp_path, verify_record(jcs(json.loads(bundle)))) == "GM-T702"


@pytest.mark.attack("a receipt by somebody who may not sign any", "GM-T108", by="ci")
@pytest.mark.attack("a receipt by a key that nobody has", "GM-T002", by="forge")
@pytest.mark.parametrize(("who", "code"), [("stranger", "GM-T002"), ("lead", NOBODY), ("ci", NOBODY)])
def test_a_receipt_by_another_key_is_ignored(story, tmp_path, who, code):
    assert refused(story, tmp_path, make_receipt(body_of(story), ed25519_key(who))) == code


@pytest.mark.parametrize(
    "workload",
    [
        {"may": []},
        {"workflows": []},
    ],
    ids=repr,
)
def test_a_workload_that_is_not_declared_for_receipts_is_ignored(stack, tmp_path, workload):
    story = told(tmp_path / "r", stack, **workload)
    assert refused(story, tmp_path, keyless(stack, tmp_path, body_of(story))) == NOBODY


@pytest.mark.parametrize(
    "changes",
    [
        {"ref": "refs/heads/feature"},
        {"trigger": "workflow_dispatch"},
        {"identity": github_claims(ref="refs/heads/feature")["workflow_url"]},
    ],
    ids=repr,
)
def test_a_workflow_that_is_not_of_the_protected_branch_is_ignored(stack, tmp_path, changes):
    story = told(tmp_path / "r", stack, workflows=[workflow(stack, **changes)])
    assert refused(story, tmp_path, keyless(stack, tmp_path, body_of(story))) == NOBODY


@pytest.mark.attack("a receipt of one step shown for another", "GM-T109", by="forge")
@pytest.mark.parametrize("field", ["head", "base", "merge", "change_id", "main"])
def test_a_receipt_of_something_else_is_ignored(story, tmp_path, field):
    other = story.commit({"README.md": b"y"}) if field in {"main", "base"} else "3" * 40
    body = body_of(story, **{field: "3" * 64 if field == "change_id" else other})
    record = make_receipt(body, ed25519_key("scribe"))
    with story.untouched(), pytest.raises(GmError) as refusal:
        add(story, tmp_path, record)
    assert refusal.value.code == "GM-T109"
    put(story, record, body_of(story).change_id)
    assert story.history().steps[-1].status == "pending"


@pytest.mark.attack("a receipt of a time before the last acceptance, or to come", "pending", by="ci")
def test_a_receipt_out_of_time_waits(story):
    for hours in (-2, 2):
        at = format_time(story.clock.now() + timedelta(hours=hours))
        put(story, make_receipt(body_of(story, at=at), ed25519_key("scribe")))
    now = fold(story.store, pin=story.pin, tip=story.tip, ledger=Ledger(story.store), now=story.clock.now())
    assert now.steps[-1].status == "pending"


@pytest.mark.attack("a forge review of another commit, by an account of nobody, or taken back", "pending", by="forge")
@pytest.mark.parametrize(
    "reviews",
    [
        lambda _: [],
        lambda story: [review(999, story=story)],
        lambda story: [review(story=story, commit_id="4" * 40)],
        lambda story: [review(story=story), review(state="dismissed", number=2, story=story)],
        lambda story: [review(story=story, state="commented")],
        lambda story: [review("engineer", story=story)],
        lambda story: [review(story=story), review(state="changes-requested", number=2, story=story)],
    ],
)
def test_reviews_that_do_not_count_leave_the_step_pending(story, tmp_path, reviews):
    add(story, tmp_path, make_receipt(body_of(story, reviews=reviews(story)), ed25519_key("scribe")))
    assert story.history().steps[-1].status in {"pending", "denied"}
    assert story.live_version("fraud", "staging") is None


@pytest.mark.attack("another commit that shakes off a request for changes", "pending", by="author")
def test_a_request_for_changes_of_an_earlier_commit_still_blocks(story, tmp_path):
    said = [review(story=story), review("lead2", "changes-requested", 2, commit_id="4" * 40)]
    add(story, tmp_path, make_receipt(body_of(story, reviews=said), ed25519_key("scribe")))
    assert story.history().steps[-1].status == "pending"
    assert story.live_version("fraud", "staging") is None


def test_a_comment_takes_nothing_back(story, tmp_path):
    said = [review(story=story), review(state="commented", number=2, story=story)]
    add(story, tmp_path, make_receipt(body_of(story, reviews=said), ed25519_key("scribe")))
    assert story.live_version("fraud", "staging") == "1.0.0"


def test_a_receipt_that_says_denied_accepts_nothing(story, tmp_path):
    add(story, tmp_path, make_receipt(body_of(story, verdict="denied"), ed25519_key("scribe")))
    assert story.live_version("fraud", "staging") is None


@pytest.mark.attack("an acceptance in a Sigstore bundle, which names no key", "GM-T106", by="reviewer")
@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda fields: fields | {"predicateType": "urn:gitops-models:acceptance:v1"}, "GM-T106"),
        (lambda fields: fields | {"predicateType": "urn:gitops-models:other:v1"}, "GM-T106"),
        (lambda fields: fields["predicate"].update(change_id="b" * 64) or fields, "GM-T105"),
        (lambda fields: fields["predicate"].update(extra=1) or fields, "GM-T105"),
        (lambda fields: fields["predicate"].update(pull_request=0) or fields, "GM-T105"),
    ],
)
def test_a_keyless_record_is_a_receipt_a_decision_or_nothing(story, stack, tmp_path, change, code):
    fields = change(json.loads(receipt_payload(body_of(story))))
    (tmp_path / "config.json").write_text(json.dumps(stack.config()))
    stack.claims = github_claims()
    bundle = keyless_signer(tmp_path / "config.json", token=stack.token()).sign_statement(jcs(fields))
    with pytest.raises(GmError) as refusal:
        verify_record(jcs(json.loads(bundle)))
    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("spell", "code"),
    [
        (lambda data: data + b" ", "GM-T104"),
        (lambda data: json.dumps(json.loads(data), indent=1).encode(), "GM-T104"),
        (lambda data: data[:-20], "GM-T101"),
        (lambda data: data + b" " * 65536, "GM-T100"),
        (lambda data: jcs({**json.loads(data), "dsseEnvelope": {}}), "GM-T700"),
    ],
)
def test_a_keyless_record_has_one_spelling(story, stack, tmp_path, spell, code):
    data = keyless(stack, tmp_path, body_of(story)).envelope
    with pytest.raises(GmError) as refusal:
        verify_record(spell(data))
    assert refusal.value.code == code


def test_another_record_is_no_receipt(story):
    history = story.history()
    decision = story.ledger.records(history.steps[0].change_id)[0]
    bench = Bench(story.store, history.people, history.state.snapshot, "main")
    with pytest.raises(GmError) as refusal:
        hear(bench, decision, Merged(story.step, "0" * 40, "0" * 40, "0" * 64, story.tip))
    assert refusal.value.code == "GM-T109"


def test_a_receipt_of_no_step_is_refused(story, tmp_path):
    plain = story.commit({"README.md": b"x"}, land=True)
    body = body_of(story, change_id=story.history().steps[-2].change_id)
    for merge in (plain, "5" * 40):
        with story.untouched(), pytest.raises(GmError) as refusal:
            add(story, tmp_path, make_receipt(body.model_copy(update={"merge": merge}), ed25519_key("scribe")))
        assert refusal.value.code == "GM-T109"


def test_receipts_are_counted_with_what_they_are_worth(story, stack, tmp_path, capsys):
    put(story, make_receipt(body_of(story), ed25519_key("scribe")))
    put(story, make_receipt(body_of(story), ed25519_key("stranger")))
    put(story, keyless(stack, tmp_path, body_of(story), runner_environment="self-hosted"))
    run(["-C", str(story.path), "verify", "--pin", story.pin, "--json"])
    found = json.loads(capsys.readouterr().out)["receipts"]
    assert sorted((one["workload"] or "", one["code"]) for one in found if one["code"] is None) == [("scribe", None)]
    assert sorted(one["code"] for one in found if one["code"]) == ["GM-T002", "GM-T710"]
    assert {one["step"] for one in found} == {story.step}
    run(["-C", str(story.path), "verify", "--pin", story.pin])
    shown = capsys.readouterr()
    assert "receipts: 1 by scribe\n" in shown.out
    assert "receipts: 1 ignored (GM-T710)\n" in shown.out
    assert "is ignored: GM-T002" in shown.err


def test_anybody_carries_a_receipt_into_the_ledger(story, tmp_path, capsys):
    memory = Memory(repository="test-registry", line="main", pin=Pin(commit=story.pin)).advanced(story.pin)
    save_memory(memory_path(story.store.common_dir), memory)
    key = ed25519_key("engineer").write(tmp_path / "key")
    for name, value in {
        "user.name": "engineer",
        "user.email": "engineer@example.org",
        "gpg.format": "ssh",
        "user.signingkey": str(key),
    }.items():
        set_config(story.store, name, value)
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_bytes(make_receipt(body_of(story), ed25519_key("scribe")).envelope)
    bad.write_bytes(make_receipt(body_of(story), ed25519_key("lead")).envelope)
    with story.untouched():
        assert run(["-C", str(story.path), "trust", "ledger", "add", str(good), str(bad)]) == 5
    assert "GM-T108" in capsys.readouterr().err
    assert run(["-C", str(story.path), "trust", "ledger", "add", str(good)]) == 0
    assert "added receipt" in capsys.readouterr().out
    assert story.live_version("fraud", "staging") == "1.0.0"


def test_a_receipt_made_at_a_commit_that_is_not_here_is_ignored(story, tmp_path):
    assert refused(story, tmp_path, make_receipt(body_of(story, main="6" * 40), ed25519_key("scribe"))) == "GM-T109"


def knock(story, record):
    """The codes with which the server's door refuses a push of the record."""
    new = story.session("engineer").writer().prepare(record.change_id, record).new
    name = f"refs/gm/changes/{record.change_id}"
    with story.untouched():
        judgement = pre_receive(story.path, [Moved(name, story.store.ref(name), new)], story.clock)
    return tuple(refusal.code for refusal in judgement.refusals)


@pytest.mark.attack("a back-dated receipt pushed to the server", "GM-F303", by="ci")
def test_the_door_takes_receipts_of_now_and_of_the_line(story):
    story.clock.tick()
    later = story.commit({"README.md": b"x"}, land=True)
    change = story.history().steps[-2].change_id
    off = story.commit({"README.md": b"y"}, parents=[story.pin])

    def made(**changes):
        return make_receipt(body_of(story, change_id=change, **changes), ed25519_key("scribe"))

    assert knock(story, made()) == knock(story, made(main=later)) == ()
    assert knock(story, made(at=format_time(story.clock.now() - timedelta(hours=1)))) == ("GM-F303",)
    assert knock(story, made(merge=off)) == ("GM-F308",)
    assert knock(story, made(main=off)) == ("GM-F308",)


def asked_for_changes(story, **changes):
    """A receipt that tells of a request for changes, by the workload's key."""
    asking = review("lead2", "changes-requested", story=story)
    return make_receipt(body_of(story, reviews=[asking], verdict="denied", **changes), ed25519_key("scribe"))


def accepting(story, main=None):
    """An acceptance of the step by one of those who approved it with their keys."""
    base, head = story.store.commit(story.step).parents
    change = story.history().steps[-1].change_id
    return stories.acceptance(story, by="lead", merge=story.step, head=head, change_id=change, main=main or base)


@pytest.mark.attack(
    "accept with a signed quorum what a receipt says was refused on the forge", "pending", by="reviewer"
)
@pytest.mark.parametrize("late", [False, True])
def test_no_signature_outruns_a_request_for_changes(stack, tmp_path, late):
    story = told(tmp_path / "r", stack, approvers=["lead"])
    put(story, asked_for_changes(story))
    put(story, accepting(story, story.step if late else None))
    assert story.history().steps[-1].status == "pending"
    assert story.live_version("fraud", "staging") is None

    story.clock.tick()
    dismissed = review("lead2", "dismissed", story=story)
    put(story, make_receipt(body_of(story, reviews=[dismissed], verdict="denied"), ed25519_key("scribe")))
    put(story, accepting(story, story.step if late else None))
    assert story.live_version("fraud", "staging") == "1.0.0"


@pytest.mark.lookalike("an acceptance with a signed quorum that was there before the request for changes")
def test_a_request_that_comes_after_the_acceptance_changes_nothing(stack, tmp_path):
    story = told(tmp_path / "r", stack, approvers=["lead"])
    put(story, accepting(story))
    put(story, asked_for_changes(story))
    assert story.live_version("fraud", "staging") == "1.0.0"


@pytest.mark.lookalike("a request for changes told by somebody who may not sign receipts")
def test_nobody_else_can_stop_an_acceptance(stack, tmp_path):
    story = told(tmp_path / "r", stack, approvers=["lead"])
    body = body_of(story, reviews=[review("lead2", "changes-requested", story=story)], verdict="denied")
    put(story, make_receipt(body, ed25519_key("lead2")))
    put(story, accepting(story))
    assert story.live_version("fraud", "staging") == "1.0.0"
