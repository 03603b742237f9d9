"""gm's verbs where proposals are pull requests: the real gm, Git over HTTPS, GitHub as its own description has it."""

import json
from pathlib import Path

import pytest

from gitops_models.delivery.resolve import resolve
from gitops_models.errors import GmError
from gitops_models.forge.github.forge import CHECK
from gitops_models.policy.denied import Denied
from gitops_models.registry.trailers import parse_trailers
from gitops_models.workflows.merging import merge
from gitops_models.workflows.promote import Promotion, promote
from gitops_models.workflows.propose import Draft, propose
from gitops_models.workflows.queue import waiting
from gitops_models.workflows.recover import Rollback, rollback
from gitops_models.workflows.review import approve, check, find_proposal
from tests.support import policy as documents
from tests.support.colleagues import ACTIONS, Colleagues
from tests.support.git import run_git
from tests.support.github import FakeGitHub
from tests.support.github.rules import plain, pull_request
from tests.support.stories import better_policy


@pytest.fixture
def fake(shared_data, tmp_path):  # noqa: ARG001 - skips where it is absent
    with FakeGitHub(tmp_path / "github") as fake:
        yield fake


@pytest.fixture
def team(tmp_path, home, fake):
    """``fraud`` 1.0.0 of medium risk, which a raio has to approve."""
    return Colleagues(tmp_path / "team", home, fake)


def ask(team, reference="fraud@1.0.0", stage="staging", by="engineer"):
    """Open a promotion; the proposal."""
    with team.acting(by) as session:
        return promote(session, Promotion(reference, "it is better", to=stage)).proposal


def sign(team, name, *people, decision="approve"):
    """Sign decisions; what the last one left."""
    for person in people:
        with team.acting(person) as session:
            done = approve(session, find_proposal(session, str(name)), decision=decision, reason="looked at")
            assert (done.unsaid, done.waiting) == (None, None)
    return done


def land(team, name, by="engineer"):
    with team.acting(by) as session:
        return merge(session, find_proposal(session, str(name)))


def live(team, model="fraud", stage="staging"):
    state = team.judged().state.snapshot.stage_state(model, stage)
    return state.version if state else None


def test_a_promotion_goes_from_the_pull_request_to_the_accepted_step(team):
    opened = team.gm("engineer", "--json", "promote", "fraud@1.0.0", "--to", "staging", "-m", "@acme/all closes #7")
    assert opened.status == 0, opened.err
    pull = team.pull(opened.json["number"])
    assert opened.json["url"].endswith(f"/pull/{pull.number}")
    assert pull.title == "promote(fraud/staging): nothing to 1.0.0"
    assert {"gm", "gm:promotion", "risk:medium"} <= set(pull.labels)
    assert parse_trailers(f"t\n\n{pull.body}").get("Gm-Reason") == "@acme/all closes #7"
    assert [one.login for one in pull.reviewers] == ["raio"]
    again = team.gm("engineer", "--json", "promote", "fraud@1.0.0", "--to", "staging", "-m", "@acme/all closes #7")
    assert (again.status, again.json["number"], len(team.pulls())) == (0, pull.number, 1)
    listed = team.gm("raio", "--json", "proposals").json["proposals"][0]
    assert (listed["state"], listed["unblock"], listed["number"]) == ("waiting", ["raio"], 1)
    signed = team.gm("raio", "--json", "approve", str(pull.number), "-m", "fine")
    assert signed.status == 0, signed.err
    assert "warning" not in signed.err
    assert [(one.author.login, one.state, one.commit) for one in pull.reviews] == [("raio", "APPROVED", pull.head)]
    merged = team.gm("engineer", "--json", "merge", f"#{pull.number}")
    assert (merged.status, "waiting" in merged.json) == (0, False), merged.err
    assert pull.merged
    assert live(team) == "1.0.0"
    message = team.registry.store.commit(merged.json["step"]).message
    assert parse_trailers(message).all("Approved-by") == ("raio",)
    assert f"refs/heads/{opened.json['branch']}" not in team.registry.refs()
    serving = ("--dir", str(team.root / "srv"), "--stage", "staging", "--artifacts", str(team.root / "dvc"), "--once")
    deployed = team.gm("operator", "reconcile", *serving)
    assert deployed.status == 0, deployed.err
    assert (resolve(team.root / "srv/fraud/staging") / "model.onnx").read_text() == "fraud 1.0.0 model.onnx"


def test_a_registration_lands_with_its_tag(team):
    files = documents.version_files("1.1.0", model="fraud", author="engineer")
    with team.acting("engineer") as session:
        draft = Draft("registration", "fraud", "register(fraud): 1.1.0", "trained", files, version="1.1.0")
        number = propose(session, draft).proposal.number
    assert "| `lineage` |" not in team.pull(number).body
    sign(team, number, "raio")
    landed = land(team, number)
    assert landed.tags == ("fraud@v1.1.0",)
    assert f"refs/tags/{landed.tags[0]}" in team.registry.refs()


def test_a_rollback_says_on_its_page_what_is_lost_and_goes_back(tmp_path, home, fake):
    team = Colleagues(tmp_path / "team", home, fake, versions=("1.0.0", "1.1.0"))
    for version in ("1.0.0", "1.1.0"):
        team.registry.live("fraud", version, "staging", risk="medium")
    team.repo.scan()
    with team.acting("operator") as session:
        opened = rollback(session, Rollback("fraud", "it is worse", stage="staging", incident="INC-42"))
    pull = team.pull(opened.proposal.number)
    assert pull.title == "revert(fraud/staging): roll back 1.1.0 to 1.0.0"
    assert "### What is lost, and what to know" in pull.body
    trailers = parse_trailers(f"t\n\n{pull.body}")
    assert (trailers.get("Gm-Event"), trailers.get("Gm-Incident")) == ("rollback", "INC-42")
    assert len(trailers.all("Reverts")) == 1
    if not opened.evaluation.verdict.allowed:
        sign(team, pull.number, "raio", "lead")
    land(team, pull.number, by="operator")
    assert live(team) == "1.0.0"


def test_of_two_proposals_the_second_is_judged_on_what_the_first_made(tmp_path, home, fake):
    team = Colleagues(tmp_path / "team", home, fake, models=("fraud", "spam"))
    first, second = ask(team), ask(team, "spam@1.0.0", by="engineer2")
    for proposal in (first, second):
        sign(team, proposal.number, "raio")
    with team.acting("engineer") as session, team.acting("engineer2") as other:
        found, late = find_proposal(session, first.id), find_proposal(other, second.id)
        one = merge(session, found)
        two = merge(other, late)
    assert team.registry.store.commit(two.step).parents[0] == one.step
    assert (live(team), live(team, "spam")) == ("1.0.0", "1.0.0")
    assert [step.status for step in team.judged().steps[-2:]] == ["accepted", "accepted"]


def promotion_files(team, model="fraud", version="1.0.0", stage="staging"):
    """What a promotion changes, for a commit by hand."""
    digest = team.judged().state.snapshot.lineage_sha256(model, version)
    state = documents.document("StageState", model=model, stage=stage, version=version, lineage_sha256=digest)
    return {f"models/{model}/stages/{stage}.yaml": state}


def test_a_pull_request_opened_by_hand_from_any_branch_is_judged_and_merged_by_its_number(team):
    head = team.registry.commit(promotion_files(team))
    number = team.by_hand(head, "my-work/@acme", title="<b>hello</b> @acme")
    shown = team.gm("raio", "show", str(number))
    assert (shown.status, "promotion of fraud@1.0.0 to staging" in shown.out) == (0, True), shown.err
    assert team.gm("raio", "--json", "check", "--pr", str(number)).status == 3
    sign(team, f"#{number}", "raio")
    assert team.gm("raio", "--json", "check", "--pr", str(number)).status == 0
    land(team, number)
    assert live(team) == "1.0.0"
    assert "refs/heads/my-work/@acme" in team.registry.refs()


def test_a_pull_request_from_a_fork_is_called_by_its_number_whatever_its_branch_is_called(team):
    mine = ask(team)
    head = team.registry.commit(promotion_files(team))
    fork = team.fake.fork(team.repo, "engineer2")
    fork.bare.git("fetch", "--quiet", str(team.team.path), head)
    fork.bare.move(mine.ref, head)
    fork.scan(team.fake.accounts["engineer2"])
    number = team.open_page(f"engineer2:{mine.branch}", by="engineer2")
    with team.acting("raio") as session:
        assert find_proposal(session, mine.id).number == mine.number
        theirs = find_proposal(session, str(number))
        assert (theirs.source, theirs.head, theirs.id) == (f"refs/pull/{number}/head", head, str(number))
        assert check(session, theirs).verdict.missing_only


def test_a_branch_that_says_something_else_than_its_content_is_refused(team):
    head = team.registry.commit(promotion_files(team))
    number = team.by_hand(head, "gm/evidence/fraud/1.0.0/-/3fa9c1d2")
    done = team.gm("raio", "--json", "check", "--pr", str(number))
    assert (done.status, done.error["code"]) == (3, "GM-F104")


def test_dry_run_and_no_push_open_nothing(team):
    before = team.registry.refs()
    for option in ("--dry-run", "--no-push"):
        done = team.gm("engineer", "promote", "fraud@1.0.0", "--to", "staging", "-m", "why", option)
        assert done.status == 0, done.err
    assert (team.registry.refs(), team.pulls()) == (before, [])
    assert not [one for one in team.fake.requests if one[0] != "GET"]


def test_reviews_alone_land_it_and_it_waits_for_their_receipt(team):
    number = ask(team).number
    team.review(number, "raio")
    landed = land(team, number)
    assert landed.waiting == "its approvals are reviews on the forge: it waits for the receipt of them"
    assert (team.pull(number).state, landed.tags, live(team)) == ("closed", (), None)
    assert team.judged().steps[-1].status == "pending"
    late = team.gm("raio", "--json", "approve", landed.step[:12], "-m", "signed after all")
    assert (late.status, late.json["released"], live(team)) == (0, True, "1.0.0"), late.err


def test_what_the_page_says_is_approved_waits_for_signatures_where_the_risk_asks_for_them(tmp_path, home, fake):
    team = Colleagues(tmp_path / "team", home, fake, risk="critical")
    number, people = ask(team).number, ("raio", "domain", "board1", "board2")
    for person in people:
        team.review(number, person)
    with team.acting("engineer") as session:
        (item,) = waiting(session)
        assert (item.state, set(item.unblock)) == ("waiting", set(people))
        refs = team.registry.refs()
        with pytest.raises(Denied) as caught:
            merge(session, find_proposal(session, str(number)))
    assert caught.value.verdict.codes == ("GM-P401",)
    assert (team.registry.refs(), team.pull(number).merged) == (refs, None)
    step = team.repo.merge_on_page(number, "operator")  # the page lets it through, and nothing is accepted
    assert (team.judged().steps[-1].oid, team.judged().steps[-1].status) == (step, "pending")
    assert live(team) is None


def test_a_withdrawal_takes_the_review_back_and_a_rejection_blocks(team):
    number = ask(team).number
    sign(team, number, "raio")
    assert not sign(team, number, "raio", decision="withdraw").evaluation.verdict.allowed
    assert [one.state for one in team.pull(number).reviews] == ["DISMISSED"]
    done = sign(team, number, "raio", decision="reject")
    assert "GM-P402" in done.evaluation.verdict.codes
    assert team.pull(number).reviews[-1].state == "CHANGES_REQUESTED"


def bare_gate(team, tmp_path):
    """The repository of the gate's job: bare, at the default branch, nothing pinned and nothing checked out."""
    gate = tmp_path / "gate.git"
    run_git(tmp_path, "init", "--quiet", "--bare", str(gate), home=team.home)
    run_git(gate, "fetch", "--quiet", str(team.team.path), "refs/heads/main:refs/heads/main", home=team.home)
    run_git(gate, "symbolic-ref", "HEAD", "refs/heads/main", home=team.home)
    run_git(gate, "remote", "add", "origin", team.repo.remote_url, home=team.home)
    return gate


def test_the_gate_shows_its_verdict_on_the_head_and_in_one_comment(team, tmp_path):
    number, gate = ask(team).number, bare_gate(team, tmp_path)
    words = ("--json", "check", "--pr", str(number), "--post", "--pin", team.registry.pin)
    pending = team.gm_at(gate, ACTIONS, *words)
    assert pending.status == 3, pending.err
    team.comment(number, "raio", "<!-- gm:policy -->\nallowed, says raio")
    sign(team, number, "raio")
    allowed = team.gm_at(gate, ACTIONS, *words)
    assert (allowed.status, allowed.json["allowed"]) == (0, True), allowed.err
    head, checks = team.pull(number).head, team.checks(number)
    assert [(one["name"], one["head_sha"], one["conclusion"]) for one in checks] == [
        (CHECK, head, "failure"),
        (CHECK, head, "success"),
    ]
    assert checks[0]["output"]["title"] == "pending: raio: raio"
    comments = [(who, text) for who, text in team.comments(number)]
    assert [who for who, _ in comments] == [ACTIONS, "raio"]
    assert "gm check: allowed" in comments[0][1]


def test_what_cannot_be_judged_fails_the_check_that_passed_before(team, tmp_path):
    number, gate = ask(team).number, bare_gate(team, tmp_path)
    sign(team, number, "raio")
    words = ("--json", "check", "--pr", str(number), "--post", "--pin", team.registry.pin)
    assert team.gm_at(gate, ACTIONS, *words).status == 0
    team.registry.commit({"models/fraud/stages/staging.yaml": b"broken: ["}, land=True)
    team.repo.scan()
    refused = team.gm_at(gate, ACTIONS, *words)
    assert (refused.status, refused.error["code"]) == (7, "GM-F201")
    assert [one["conclusion"] for one in team.checks(number)] == ["success", "failure"]


def test_a_change_of_the_policy_is_accepted_at_its_step(team):
    head = team.registry.commit({"policies/policy.yaml": better_policy(team.registry)}, by="owner")
    number = team.by_hand(head, "policy", by="owner")
    with team.acting("owner") as session:
        missing = check(session, find_proposal(session, str(number))).verdict.quorums
    people = {person for one in missing for role in one.missing for person in one.candidates[role]}
    sign(team, number, *sorted(people))
    landed = land(team, number, by="owner")
    step = team.judged().steps[-1]
    assert (landed.waiting, step.oid, step.status, step.released) == ("", landed.step, "accepted", None)
    assert team.judged().policy.version == 2


def test_an_emergency_lands_by_the_forges_merge_where_the_line_takes_no_push(tmp_path, home, fake):
    rules = {"role": ["operator"], "ratify_within_hours": 48}
    team = Colleagues(tmp_path / "team", home, fake, versions=("1.0.0", "1.1.0"), emergency=rules)
    for version in ("1.0.0", "1.1.0"):
        team.registry.live("fraud", version, "staging", risk="medium")
    team.repo.scan()
    team.repo.ruleset("line", pull_request(approvals=0), plain("non_fast_forward"))
    words = ("rollback", "fraud", "--stage", "staging", "--emergency", "--incident", "INC-7", "-m", "it harms")
    done = team.gm("operator", "--json", *words)
    assert done.status == 0, done.err
    assert (team.pull(1).state, team.pull(1).merge_commit) == ("closed", team.registry.tip)
    assert (live(team), team.judged().steps[-1].status) == ("1.0.0", "accepted")


def test_where_the_forge_is_git_alone_there_are_no_pull_requests(tmp_path, home):
    from tests.support.team import Team, gm  # noqa: PLC0415 - no fake is needed here

    team = Team(tmp_path, home, {"engineer": ["ml-engineer"], "owner": ["policy-owner"]})
    done = gm(team.clone("engineer"), "--json", "check", "--pr", "1")
    assert (done.status, done.error["code"]) == (2, "GM-F430")
    for words in (("--post",), ("--pr", "1", "--head", "HEAD"), ("--pr", "1", "--documents")):
        assert gm(team.clone("engineer"), "check", *words).status == 2


def test_what_the_verbs_print_names_the_pull_request(team):
    opened = team.gm("engineer", "promote", "fraud@1.0.0", "--to", "staging", "-m", "why")
    url = f"{team.fake.url}/acme/registry/pull/1"
    assert f"\n  {url}\n" in opened.out
    assert "#1" in team.gm("raio", "proposals").out
    assert url in team.gm("raio", "show", "1").out
    shown = json.loads(team.gm("raio", "--json", "show", "#1").out)
    assert (shown["number"], shown["url"]) == (1, url)


def test_nothing_of_github_is_loaded_where_the_forge_is_git_alone(tmp_path, home):
    from tests.support.team import Team, gm  # noqa: PLC0415 - no fake is needed here

    team = Team(tmp_path, home, {"engineer": ["ml-engineer"], "owner": ["policy-owner"]})
    done = gm(team.clone("engineer"), "proposals", PYTHONPROFILEIMPORTTIME="1")
    assert (done.status, "gitops_models.forge.git_only" in done.err) == (0, True)
    assert "forge.github" not in done.err
    assert Path(team.path).exists()


def test_a_closed_pull_request_or_one_into_another_branch_is_not_judged(team):
    number = ask(team).number
    with team.acting("engineer") as session:
        proposal = find_proposal(session, str(number))
        session.hosted.close(proposal)
        with pytest.raises(GmError) as caught:
            session.hosted.get(number)
    assert caught.value.code == "GM-F101"
    assert proposal.ref not in team.registry.refs()
    team.registry.force(team.registry.tip, "refs/heads/other")
    head = team.registry.commit(promotion_files(team))
    elsewhere = team.by_hand(head, "mine", base="other")
    done = team.gm("raio", "--json", "check", "--pr", str(elsewhere))
    assert (done.status, done.error["code"]) == (2, "GM-F433")
