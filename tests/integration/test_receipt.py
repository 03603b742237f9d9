"""``gm receipt``: every step that the forge merged gets its receipt, once, also late, and nothing is signed in vain."""

import json

import pytest

from gitops_models.cli.run import run
from gitops_models.errors import GmError
from gitops_models.store.config import add_remote, set_config
from gitops_models.trust.keyless.sign import keyless_signer
from gitops_models.trust.records import Acceptance, Receipt, make_receipt
from gitops_models.workflows import receiptpulls
from gitops_models.workflows.receipt import receipts
from gitops_models.workflows.receiptpens import KeyPen, key_pen, keyless_pen
from gitops_models.workflows.receiptpulls import pull_requests
from tests.support import stories
from tests.support.keys import ed25519_key
from tests.support.onforge import Pulls, on_page, seen, told
from tests.support.provenance import ROOT, workflow
from tests.support.sigstore_loopback import github_claims

FLOW = ".github/workflows/gm-receipt.yml"


@pytest.fixture(scope="module", name="first")
def _first(tmp_path_factory):
    return told(tmp_path_factory.mktemp("told") / "r", scribe=["acceptance"])


@pytest.fixture(name="story")
def _story(first, tmp_path):
    return first.copy(tmp_path / "r")


@pytest.fixture(name="pulls")
def _pulls():
    return Pulls()


def land(story, pulls, number, *reviewers, model="fraud", stage="staging", by="engineer"):
    """A promotion is merged on the page after these people approved it there; returns the step."""
    head = story.promote(model, "1.0.0", stage, by=by).head
    step = on_page(story, head)
    said = [seen(story, who, commit=head, number=100 * number + at) for at, who in enumerate(reviewers)]
    pulls.add(number, step, head, *said)
    return step


def words(done):
    return {one.step: one.word for one in done.given if one.word != "none"}


def give(story, pulls, pen=key_pen):
    story.clock.tick()
    return receipts(story.session("scribe"), pulls, pen)


def records(story, step):
    """Receipts and acceptances of a step, in the order of the ledger."""
    change = next(one.change_id for one in story.history().steps if one.oid == step)
    return [one for one in story.ledger.records(change) if isinstance(one.body, Receipt | Acceptance)]


def test_a_merge_made_on_the_page_is_accepted_by_its_receipt(story, pulls):
    step = land(story, pulls, 7, "lead")
    assert story.history().steps[-1].status == "pending"
    done = give(story, pulls)
    assert (done.workload, words(done)) == ("scribe", {step: "signed"})
    last = story.history().steps[-1]
    assert (last.status, last.at) == ("accepted", story.clock.now())
    assert story.live_version("fraud", "staging") == "1.0.0"
    made = records(story, step)
    assert [one.kind for one in made] == ["receipt", "acceptance"]  # this workload may sign both
    assert (made[0].body.pull_request, made[0].body.verdict, made[0].body.main) == (7, "allowed", step)
    refs = story.refs()
    again = give(story, pulls)
    assert (words(again), story.refs()) == ({}, refs)


def test_a_dry_run_and_a_second_run_sign_nothing(story, pulls):
    step = land(story, pulls, 7, "lead")
    with story.untouched():
        assert words(give(story, pulls, None)) == {step: "planned"}
    give(story, pulls)
    with story.untouched():
        assert words(give(story, pulls)) == words(give(story, pulls, None)) == {}


def test_a_push_without_a_pull_request_is_said_and_waits(story, pulls):
    head = story.promote("fraud", "1.0.0", "staging").head
    step = on_page(story, head)
    with story.untouched():
        done = give(story, pulls)
    assert [(one.word, one.status) for one in done.given if one.step == step] == [("none", "pending")]


def test_a_quorum_that_is_not_met_is_recorded_and_what_is_missing_is_said(story, pulls):
    step = land(story, pulls, 7)
    (one,) = (one for one in give(story, pulls).given if one.step == step)
    assert (one.word, one.status, one.body.verdict) == ("signed", "pending", "denied")
    assert [quorum.missing for quorum in one.verdict.quorums] == [("technical-lead",)]
    with story.untouched():
        assert words(give(story, pulls)) == {step: "known"}


def test_a_review_that_comes_after_the_merge_is_recorded_as_it_stands_then(story, pulls):
    step = land(story, pulls, 7)
    give(story, pulls)
    head = story.store.commit(step).parents[1]
    pulls.add(7, step, head, seen(story, "lead", commit=head))
    assert words(give(story, pulls)) == {step: "signed"}
    assert [one.body.verdict for one in records(story, step) if one.kind == "receipt"] == ["denied", "allowed"]
    assert story.live_version("fraud", "staging") == "1.0.0"


def test_two_steps_in_one_push_and_an_outage_are_caught_up(story, pulls):
    fraud, spam = land(story, pulls, 7, "lead"), land(story, pulls, 8, "lead", model="spam")
    pulls.away = GmError("GM-F407", "GitHub is away")
    with story.untouched(), pytest.raises(GmError) as outage:
        give(story, pulls)
    assert outage.value.code == "GM-F407"
    plain = story.commit({"README.md": b"x"}, land=True)
    pulls.away = None
    assert words(give(story, pulls)) == {fraud: "signed", spam: "signed"}
    found = {step.oid: step for step in story.history().steps}
    assert [found[oid].status for oid in (fraud, spam)] == ["accepted", "accepted"]
    assert {found[oid].released for oid in (fraud, spam)} == {
        plain
    }  # shown as late, from the step on at which it was said
    assert {one.body.main for oid in (fraud, spam) for one in records(story, oid)} == {plain}


def test_the_tip_of_a_merge_queue_is_accepted_at_once_and_the_step_before_it_late(story, pulls):
    fraud, spam = land(story, pulls, 7, "lead"), land(story, pulls, 8, "lead", model="spam")
    assert [one.step for one in give(story, pulls).given if one.word == "signed"] == [spam, fraud]
    found = {step.oid: step for step in story.history().steps}
    assert (found[fraud].released, found[spam].released) == (spam, None)
    assert {story.live_version(model, "staging") for model in ("fraud", "spam")} == {"1.0.0"}


def test_two_queued_steps_of_one_model_wait_for_signed_approvals(story, pulls):
    land(story, pulls, 7, "lead")
    second = story.commit(stories.stage_file(story, "1.0.0", "production"))
    step = on_page(story, second)
    pulls.add(8, step, second, seen(story, "lead", commit=second))
    done = {one.step: one for one in give(story, pulls).given}
    assert done[step].body.verdict == "denied"
    assert story.live_version("fraud", "staging") is None  # nobody was shown both in one page
    assert any("blocked on the line" in one.why for quorum in done[step].verdict.quorums for one in quorum.ignored)


def test_a_step_that_was_accepted_without_gets_a_receipt_for_the_audit(story, pulls):
    proposal = story.promote("fraud", "1.0.0", "staging")
    story.approve(proposal, "lead")
    step = story.merge(proposal)
    pulls.add(7, step, proposal.head)
    state = story.history().state
    (one,) = (one for one in give(story, pulls).given if one.step == step)
    assert (one.word, one.status, one.body.verdict, one.verdict, one.acceptance) == (
        "signed",
        "accepted",
        "allowed",
        None,
        None,
    )
    assert story.history().state.stacks == state.stacks
    assert words(give(story, pulls)) == {}


def test_junk_in_the_ledger_passes_for_no_receipt(story, pulls):
    step = land(story, pulls, 7, "lead")
    planned = give(story, pulls, None).given[-1].body
    stories.append(story, planned.change_id, make_receipt(planned, ed25519_key("stranger")))
    assert words(give(story, pulls)) == {step: "signed"}


def test_a_receipt_that_came_to_nothing_is_made_anew(story, pulls):
    step = land(story, pulls, 7, "lead")
    planned = give(story, pulls, None).given[-1].body
    early = planned.model_copy(update={"at": "2026-11-20T12:00:00Z"})  # before what is accepted already
    stories.append(story, planned.change_id, make_receipt(early, ed25519_key("scribe")))
    assert story.history().steps[-1].status == "pending"
    assert words(give(story, pulls)) == {step: "signed"}
    assert story.live_version("fraud", "staging") == "1.0.0"


def test_a_policy_that_landed_unaccepted_is_not_released_late(story, pulls):
    head = story.commit({"policies/policy.yaml": stories.better_policy(story, owner="raio")})
    step = on_page(story, head)
    story.commit({"README.md": b"x"}, land=True)
    pulls.add(7, step, head, seen(story, "raio", commit=head))
    (one,) = (one for one in give(story, pulls).given if one.step == step)
    assert (one.body.verdict, one.verdict, one.status) == ("denied", None, "pending")


def test_pull_requests_that_are_not_of_the_step_say_nothing(story, pulls):
    step = land(story, pulls, 7)
    head = story.store.commit(step).parents[1]
    review = seen(story, "lead", commit=head)
    pulls.add(8, step, head, review, base_ref="other")
    pulls.add(9, step, "9" * 40, review, merge_commit="8" * 40)
    pulls.add(10, step, head, review, base_repository=2)  # of a fork, whose number here is another's
    give(story, pulls)
    assert story.history().steps[-1].status == "pending"


def test_a_step_without_a_merge_is_of_the_commit_itself(story, pulls):
    head = story.promote("fraud", "1.0.0", "staging").head
    story.force(head)
    pulls.add(7, head, head, seen(story, "lead", commit=head))
    assert words(give(story, pulls)) == {head: "signed"}
    assert story.history().steps[-1].status == "accepted"


@pytest.mark.parametrize(("who", "code"), [("lead", "GM-T108"), ("ci", "GM-T108"), ("stranger", "GM-C121")])
def test_who_may_not_sign_receipts_signs_none(story, pulls, who, code):
    land(story, pulls, 7, "lead")
    with story.untouched(), pytest.raises(GmError) as refusal:
        receipts(story.session(who), pulls, key_pen)
    assert refusal.value.code == code
    assert pulls.asked == []


def test_without_pin_or_remote_nothing_is_said(story, pulls):
    session = story.session("scribe")
    for field, value, code in (("pinned", False, "GM-T502"), ("offline", "no route", "GM-C170")):
        before = getattr(session, field)
        setattr(session, field, value)
        with story.untouched(), pytest.raises(GmError) as refusal:
            receipts(session, pulls, key_pen)
        assert refusal.value.code == code
        setattr(session, field, before)


def test_a_clock_before_the_last_acceptance_signs_nothing(story, pulls):
    step = land(story, pulls, 7)
    head = story.store.commit(step).parents[1]
    pulls.add(7, step, head, seen(story, "lead", commit=head, minutes=-120))
    story.clock.tick(minutes=-9)
    with story.untouched(), pytest.raises(GmError) as refusal:
        receipts(story.session("scribe"), pulls, key_pen)
    assert refusal.value.code == "GM-F303"


def test_only_so_many_accepted_steps_are_looked_at(story, pulls, monkeypatch):
    monkeypatch.setattr("gitops_models.workflows.receipt.MOST", 1)
    give(story, pulls)
    assert len(pulls.asked) == 1


def test_a_line_that_moves_on_meanwhile_is_left_to_the_run_on_its_tip(story, pulls):
    step = land(story, pulls, 7, "lead")
    session = story.session("scribe")

    def pen(_):
        return KeyPen("scribe", ed25519_key("scribe"), None, commit=step)

    later = story.commit({"README.md": b"x"}, land=True)
    with story.untouched():
        done = receipts(session, pulls, pen)  # the session still knows the step as the tip
        assert (done.tip, done.left_to, words(done)) == (step, later, {})
        assert receipts(story.session("scribe"), pulls, pen).left_to == later
    with story.untouched(), pytest.raises(GmError) as refusal:
        receipts(story.session("scribe"), pulls, lambda _: KeyPen("s", ed25519_key("scribe"), None, commit="7" * 40))
    assert refusal.value.code == "GM-C188"


def test_a_receipt_that_cannot_be_pushed_is_no_success(story, pulls, tmp_path):
    land(story, pulls, 7, "lead")
    add_remote(story.store, "origin", str(tmp_path / "nowhere"))
    session = story.session("scribe")
    session.remote = "origin"
    session.refresh = lambda: None
    with story.untouched(), pytest.raises(GmError) as away:
        receipts(session, pulls, key_pen)
    assert away.value.code.startswith("GM-S2")


@pytest.mark.attack(
    "a merged pull request of one's own of which nothing can be said, to stop all receipts",
    "GM-F408",
    "GM-T120",
    by="author",
)
@pytest.mark.parametrize("code", ["GM-F402", "GM-F403", "GM-F404", "GM-F405", "GM-F408", "GM-T120", "GM-T100"])
def test_a_pull_request_of_which_nothing_can_be_said_stops_no_other(story, pulls, code):
    mine = land(story, pulls, 5, "lead", model="spam")
    step = land(story, pulls, 7, "lead")
    pulls.wrong[5] = GmError(code, "of this one nothing can be said")
    done = {one.step: one for one in give(story, pulls).given if one.word != "none"}
    assert {oid: (one.word, one.status) for oid, one in done.items()} == {
        mine: ("failed", "pending"),
        step: ("signed", "accepted"),
    }
    assert done[mine].problem.code == code
    assert (story.live_version("fraud", "staging"), story.live_version("spam", "staging")) == ("1.0.0", None)
    pulls.wrong.clear()
    assert words(give(story, pulls)) == {mine: "signed"}


@pytest.mark.parametrize("code", ["GM-F401", "GM-F406", "GM-F407", "GM-F409", "GM-F410"])
def test_an_api_that_is_away_stops_the_run(story, pulls, code):
    land(story, pulls, 5, "lead", model="spam")
    land(story, pulls, 7, "lead")
    pulls.wrong[5] = pulls.wrong[7] = GmError(code, "away")
    with story.untouched(), pytest.raises(GmError) as away:
        give(story, pulls)
    assert away.value.code == code


# Keyless


@pytest.fixture(scope="module", name="second")
def _second(stack, tmp_path_factory):
    files = {ROOT: json.dumps(stack.root).encode(), FLOW: b"on: push\n"}
    return told(tmp_path_factory.mktemp("keyless") / "r", files=files, keys=[], workflows=[workflow(stack)])


def keyless(stack, folder, **claims):
    """A pen with the token of a run on what ``sha`` says."""
    config = folder / "config.json"
    config.write_text(json.dumps(stack.config()))
    stack.claims = github_claims(**claims)
    return lambda session: keyless_pen(session, keyless_signer(config, token=stack.token()))


def test_a_run_signs_keyless_with_its_token(second, stack, pulls, tmp_path):
    story = second.copy(tmp_path / "r")
    step = land(story, pulls, 7, "lead")
    done = receipts(story.session("engineer"), pulls, keyless(stack, tmp_path, sha=step))
    assert (done.workload, words(done)) == ("scribe", {step: "signed"})
    (record,) = records(story, step)
    assert record.keyless
    assert story.live_version("fraud", "staging") == "1.0.0"
    (link,) = [story.store.commit(story.store.ref(stories.ledger_ref(record.change_id)))]
    assert "gpgsig" not in link.raw.decode()  # a run has no key; the record speaks for itself
    again = receipts(story.session("engineer"), pulls, keyless(stack, tmp_path, sha=step))
    assert words(again) == {}


def test_a_run_that_the_line_has_outrun_signs_nothing(second, stack, pulls, tmp_path):
    story = second.copy(tmp_path / "r")
    step = land(story, pulls, 7, "lead")
    later = story.commit({"README.md": b"x"}, land=True)
    with story.untouched():
        done = receipts(story.session("engineer"), pulls, keyless(stack, tmp_path, sha=step))
    assert done.left_to == later
    assert words(receipts(story.session("engineer"), pulls, keyless(stack, tmp_path, sha=later))) == {step: "signed"}
    assert story.live_version("fraud", "staging") == "1.0.0"


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"repository_id": "999"}, "GM-T108"),
        ({"event_name": "workflow_dispatch"}, "GM-T108"),
        ({"ref": "refs/heads/feature"}, "GM-T108"),
        ({"runner_environment": "self-hosted"}, "GM-T108"),
        ({"workflow_path": ".github/workflows/other.yml"}, "GM-T703"),  # only the certificate says it
    ],
    ids=repr,
)
def test_a_run_that_is_not_declared_signs_nothing_that_counts(second, stack, pulls, tmp_path, claims, code):
    story = second.copy(tmp_path / "r")
    step = land(story, pulls, 7, "lead")
    with story.untouched(), pytest.raises(GmError) as refusal:
        receipts(story.session("engineer"), pulls, keyless(stack, tmp_path, sha=step, **claims))
    assert refusal.value.code == code


@pytest.mark.attack("a run of a workflow file that nobody accepted asks for a signature", "GM-T108", by="author")
def test_a_run_of_a_file_that_was_not_accepted_sends_nothing_to_a_log(second, stack, pulls, tmp_path):
    story = second.copy(tmp_path / "r")
    land(story, pulls, 7, "lead")
    later = story.commit({FLOW: b"on: push\n# another\n"}, by="engineer2", land=True)
    logged = [len(log.leaves) for log in stack.logs.values()]
    with story.untouched(), pytest.raises(GmError) as refusal:
        receipts(story.session("engineer"), pulls, keyless(stack, tmp_path, sha=later))
    assert refusal.value.code == "GM-T108"
    assert [len(log.leaves) for log in stack.logs.values()] == logged


def test_without_a_pinned_root_no_run_signs(story, stack, pulls, tmp_path):
    step = land(story, pulls, 7, "lead")
    with story.untouched(), pytest.raises(GmError) as refusal:
        receipts(story.session("engineer"), pulls, keyless(stack, tmp_path, sha=step))
    assert refusal.value.code == "GM-T708"


# The command


@pytest.fixture(name="as_scribe")
def _as_scribe(story, pulls, tmp_path, monkeypatch):
    """``gm receipt`` with the workload's key, on a forge in memory."""
    key = ed25519_key("scribe").write(tmp_path / "key")
    for name, value in {"user.name": "scribe", "user.email": "scribe@example.org", "gpg.format": "ssh"}.items():
        set_config(story.store, name, value)
    set_config(story.store, "user.signingkey", str(key))
    monkeypatch.setattr(receiptpulls, "pull_requests", lambda _: pulls)
    return lambda *words: run(["-C", str(story.path), "receipt", *words])


def test_the_command_says_what_became_of_each_step(story, pulls, as_scribe, capsys):
    step = land(story, pulls, 7, "lead2")
    other = land(story, pulls, 8, model="spam")
    assert as_scribe("--dry-run", "--json") == 0
    planned = json.loads(capsys.readouterr().out)
    assert {one["receipt"] for one in planned["steps"]} == {"none", "planned"}
    assert (planned["dryRun"], planned["by"]) == (True, None)
    assert as_scribe("--sign", "key") == 0
    out = capsys.readouterr().out
    assert f"{step[:12]}  accepted  receipt of pull request 7: signed\n" in out
    assert f"{other[:12]}  pending  receipt of pull request 8: signed\n" in out
    assert "  still needs technical-lead for the promotion of spam@1.0.0 to staging\n" in out
    assert as_scribe("--sign", "key", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert [(one["receipt"], one["pullRequest"], one["said"]) for one in found["steps"] if one["record"]] == [
        ("known", 8, "denied")
    ]


def test_the_command_ends_with_the_fault_of_a_forge_that_lies(story, pulls, as_scribe, capsys):
    step = land(story, pulls, 7)
    pulls.merged[step].clear()
    pulls.add(7, step, "9" * 40)
    assert as_scribe("--sign", "key") == 7
    shown = capsys.readouterr()
    assert "  GM-F431: " in shown.out
    assert "error[GM-F431]" in shown.err


def test_the_command_ends_with_the_first_fault_after_all_steps(story, pulls, as_scribe, capsys):
    mine, step = land(story, pulls, 5, model="spam"), land(story, pulls, 7, "lead2")
    pulls.wrong[5] = GmError("GM-F408", "more than 150 pages")
    assert as_scribe("--sign", "key", "--json") == 9
    shown = capsys.readouterr()
    found = {one["step"]: (one["receipt"], one["problem"]) for one in json.loads(shown.out)["steps"]}
    assert (found[mine], found[step]) == (("failed", "GM-F408"), ("signed", None))
    assert '"code": "GM-F408"' in shown.err or "error[GM-F408]" in shown.err
    assert as_scribe("--sign", "key") == 9
    assert f"{mine[:12]}  pending  receipt: none\n  GM-F408: more than 150 pages\n" in capsys.readouterr().out


def test_the_command_says_what_is_missing_or_left(story, as_scribe, capsys, monkeypatch):
    name = next(iter(story.store.refs("refs/tags/")))
    story.store.libgit2.references.delete(name)
    assert as_scribe("--dry-run") == 0
    assert f"version tag {name.removeprefix('refs/tags/')} is missing" in capsys.readouterr().err
    monkeypatch.setattr("gitops_models.workflows.receiptpens.key_pen", lambda _: KeyPen("s", None, None, story.pin))
    assert as_scribe("--sign", "key") == 0
    assert "the run on that makes the receipts that are missing\n" in capsys.readouterr().out


def test_the_command_refuses_what_cannot_be_meant(as_scribe, tmp_path, capsys):
    config = tmp_path / "c.json"
    config.write_text("{}")
    assert as_scribe("--sign", "key", "--sigstore", str(config)) == 2
    assert as_scribe("--sigstore", str(config)) == 5  # no configuration of an instance
    assert "GM-T708" in capsys.readouterr().err


def test_a_repository_of_another_forge_shows_no_reviews(tmp_path):
    story = stories.registry(tmp_path / "r")
    with pytest.raises(GmError) as refusal:
        pull_requests(story.session("engineer"))
    assert refusal.value.code == "GM-C187"


def test_a_github_remote_is_asked(story, monkeypatch):
    add_remote(story.store, "origin", "https://github.com/acme/registry.git")
    monkeypatch.setenv("GH_TOKEN", "t")
    monkeypatch.delenv("GITHUB_API_URL", raising=False)
    session = story.session("engineer")
    session.remote = "origin"
    found = pull_requests(session)
    assert (found.owner, found.name) == ("acme", "registry")
