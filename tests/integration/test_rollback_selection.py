"""Rollbacks to before a poisoned input, with what they cost and whom they concern in the proposal itself."""

import pytest

from gitops_models.errors import GmError
from gitops_models.registry import yamls
from gitops_models.workflows.recover import Rollback, plan
from gitops_models.workflows.standing import standing
from tests.support import stories
from tests.support.policy import model_yaml
from tests.support.registry import APPROVERS

OLD = {"name": "transactions", "snapshot": "2026-09"}
BAD = {"name": "transactions", "snapshot": "2026-10"}


def metrics(value):
    return [{"name": "auc", "value": value, "dataset": "holdout", "higher_is_better": True}]


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """1.0.0 of good data, 1.1.0 of bad data, 1.2.0 built on it and live; 1.3.0 and another model share the data."""
    story = stories.registry(tmp_path_factory.mktemp("selection") / "registry.git")
    lineages = {
        "1.0.0": {"data": [OLD], "metrics": metrics(0.90)},
        "1.1.0": {"data": [BAD], "metrics": metrics(0.92)},
        "1.2.0": {"base": "fraud@1.1.0", "metrics": metrics(0.93)},
    }
    for version, fields in lineages.items():
        story.version("fraud", version, **fields)
        story.live("fraud", version, *stories.STAGES)
    story.version("fraud", "1.3.0", data=[BAD])
    story.version("spam", "1.0.0", base="fraud@1.1.0")
    return story


@pytest.fixture
def registry(told, tmp_path):
    return told.copy(tmp_path / "registry.git")


def planned(registry, by="operator", **fields):
    registry.clock.tick()
    return plan(registry.session(by), Rollback("fraud", "poisoned labels", **fields))


def message(registry, proposal):
    return registry.store.commit(proposal.head).message


@pytest.mark.clause("A-summary-1", "A-summary-3", "A-limits-1")
def test_a_rollback_to_before_poisoned_data_lands_on_the_operators_word_and_says_all_of_it(registry):
    proposal = registry.rollback("fraud", before_data="transactions@2026-10", reason="poisoned labels")
    said = message(registry, proposal)
    assert "1.1.0: made from transactions@2026-10" in said
    assert "auc on holdout: 0.93 -> 0.9 (-0.03, worse)" in said
    assert "1.2.0 was live in production since 2026-11-21T" in said
    assert "base: fraud@1.1.0 -> -" in said
    assert "Gm-Cause: poisoning" in said
    assert "Gm-Technique: AML.T0020" in said
    registry.merge(proposal, by="operator")
    assert registry.live_version("fraud", "production") == "1.0.0"
    (cause,) = registry.history().state.snapshot.causes("fraud")
    assert (cause.id, cause.cause, cause.resolution) == ("poisoning-1", "poisoning", None)
    assert (cause.poisoned.data, cause.poisoned.versions) == ("transactions@2026-10", ("1.2.0", "1.1.0"))


@pytest.mark.clause("A-summary-5")
def test_siblings_from_the_same_input_are_listed_with_what_bars_them(registry):
    found = {(one.model, one.version): one for one in planned(registry, before_data="transactions@2026-10").siblings}
    assert set(found) == {("fraud", "1.1.0"), ("fraud", "1.3.0"), ("spam", "1.0.0")}
    assert found["spam", "1.0.0"].why == "built on fraud@1.1.0, which was made from transactions@2026-10"
    assert found["spam", "1.0.0"].command == "gm quarantine spam@1.0.0 -m WHY"


@pytest.mark.clause("A-summary-5")
def test_siblings_of_the_model_are_quarantined_with_the_rollback_and_leave_every_stage(registry):
    proposal = registry.rollback("fraud", before_data="transactions@2026-10", quarantine_siblings=True)
    registry.merge(proposal, by="operator")
    accepted = registry.history().state.snapshot
    assert accepted.quarantined_versions("fraud") == ("1.1.0", "1.2.0", "1.3.0")
    assert accepted.quarantined_versions("spam") == ()
    assert [registry.live_version("fraud", stage) for stage in stories.STAGES] == ["1.0.0", "1.0.0"]


@pytest.mark.clause("A-summary-4")
def test_a_rollback_to_before_a_commit_of_code_follows_the_history_of_this_repository(tmp_path):
    story = stories.registry(tmp_path / "registry.git")
    commits = [story.commit({f"train-{number}.py": b"x"}, land=True) for number in range(3)]
    for version, code in zip(("1.0.0", "1.1.0", "1.2.0"), commits, strict=True):
        story.version("fraud", version, code={"commit": code})
        story.live("fraud", version, *stories.STAGES)
    wanted = Rollback("fraud", "the loss was wrong", before_commit=commits[1][:10])
    found = plan(story.session("operator"), wanted)
    assert (found.way.target.version, found.spoilt) == ("1.0.0", ("1.2.0", "1.1.0"))
    assert found.way.skipped[0].why == f"made by commit {commits[1][:12]}"
    proposal = story.rollback("fraud", before_commit=commits[1])
    assert "A commit" not in message(story, proposal)
    story.merge(proposal, by="operator")
    assert story.live_version("fraud", "production") == "1.0.0"
    cause = story.history().state.snapshot.causes("fraud")[0]
    assert (cause.cause, cause.poisoned.commit) == ("integrity", commits[1])
    assert story.statuses()[-1] == "accepted"


def test_commits_of_code_elsewhere_are_compared_and_nothing_else(tmp_path):
    story = stories.registry(tmp_path / "registry.git")
    for version, code in (("1.0.0", "a" * 40), ("1.1.0", "b" * 40), ("1.2.0", "c" * 40)):
        story.version("fraud", version, code={"commit": code})
        story.live("fraud", version, *stories.STAGES)

    def at(commit):
        return plan(story.session("operator"), Rollback("fraud", "why", before_commit=commit))

    assert at("cccc").way.target.version == "1.1.0"
    for commit, code in (("b" * 40, "GM-C249"), ("d" * 40, "GM-C248"), ("nothing", "GM-C248"), ("HEAD", "GM-C247")):
        with story.untouched(), pytest.raises(GmError) as refused:
            at(commit)
        assert refused.value.code == code


def test_inputs_that_nothing_was_made_from_are_refused_with_what_is_known(registry):
    for fields, code in (
        ({"before_data": "payroll"}, "GM-C247"),
        ({"before_data": "transactions@2026-09"}, "GM-C249"),
        ({"before_data": "transactions@2026-10", "to": "1.0.0"}, "GM-C250"),
    ):
        with registry.untouched(), pytest.raises(GmError) as refused:
            planned(registry, **fields)
        assert refused.value.code == code
    with pytest.raises(GmError) as refused:
        planned(registry, before_data="payroll")
    assert refused.value.details == ("data: transactions@2026-09, transactions@2026-10",)


@pytest.mark.clause("A-testing-8")
def test_when_every_version_is_poisoned_the_refusal_names_each(registry):
    with registry.untouched(), pytest.raises(GmError) as refused:
        planned(registry, before_data="transactions")
    assert refused.value.code == "GM-P510"
    assert refused.value.details[1] == "1.0.0: made from transactions@2026-09"


@pytest.mark.clause("B-6.1-1", "B-6.1-2")
def test_a_cause_that_is_named_is_opened_once_and_only_if_wanted(registry):
    proposal = registry.rollback("fraud", cause="drift", incident="INC-7")
    registry.merge(proposal, by="operator")
    assert registry.history().state.snapshot.cause_names("fraud") == ("inc-7",)
    again = planned(registry, cause="drift").draft.updates
    assert not any("/causes/" in path for path in again)
    other = planned(registry, cause="drift", incident="INC-8").draft.updates
    assert "models/fraud/causes/inc-8.yaml" in other
    assert "models/fraud/causes/safety-1.yaml" in planned(registry, cause="safety").draft.updates
    assert not any("/causes/" in path for path in planned(registry, cause="safety", open_cause=False).draft.updates)


@pytest.mark.clause("A-testing-2")
def test_rollbacks_to_several_versions_one_after_the_other(registry):
    registry.merge(registry.rollback("fraud"), by="operator")
    assert registry.live_version("fraud", "production") == "1.1.0"
    registry.merge(registry.rollback("fraud", to="1.0.0"), by="operator")
    assert registry.live_version("fraud", "production") == "1.0.0"
    with registry.untouched(), pytest.raises(GmError) as refused:
        registry.rollback("fraud")
    assert refused.value.code == "GM-P510"


@pytest.mark.clause("B-8-3")
def test_a_version_that_does_not_fit_the_consumers_is_passed_over_for_the_next_that_does(tmp_path):
    story = stories.registry(tmp_path / "registry.git")
    score = {"interface": {"outputs": [{"name": "score", "dtype": "float32", "shape": [-1]}]}}
    for version, fields in (("1.0.0", score), ("1.1.0", {}), ("1.2.0", score)):
        story.version("fraud", version, **fields)
        story.live("fraud", version, *stories.STAGES)
    needs = [{"name": "checkout", "requires": {"outputs": ["score"]}}]
    proposal = story.draft("fraud", {"models/fraud/model.yaml": model_yaml(consumers=needs)}, event="model")
    story.approve(proposal, *APPROVERS["low"])
    story.merge(proposal)
    found = plan(story.session("operator"), Rollback("fraud", "why"))
    assert found.way.target.version == "1.0.0"
    assert found.way.skipped[0].why.startswith("it does not fit its consumers: checkout")
    assert (found.radius.consumers, found.radius.targets) == (("checkout",), ())
    story.merge(story.rollback("fraud"), by="operator")
    assert story.live_version("fraud", "production") == "1.0.0"


def test_the_documents_of_a_rollback_are_plain_yaml(registry):
    updates = planned(registry, before_data="transactions@2026-10").draft.updates
    cause = yamls.load(updates["models/fraud/causes/poisoning-1.yaml"], "cause.yaml")
    assert cause["poisoned"] == {"data": "transactions@2026-10", "versions": ["1.2.0", "1.1.0"]}


# What is said of an old last known good version


def aged(tmp_path, days):
    story = stories.registry(tmp_path / "registry.git", changes={"rollback": {"max_lkg_age_days": 30}})
    for version in ("1.0.0", "1.1.0"):
        story.version("fraud", version)
        story.live("fraud", version, *stories.STAGES)
    story.clock.tick(days=days)
    return story


@pytest.mark.clause("A-limits-3")
@pytest.mark.parametrize(("days", "old"), [(29, False), (31, True)])
def test_a_last_known_good_version_of_long_ago_is_pointed_out(tmp_path, days, old):
    story = aged(tmp_path, days)
    (row,) = [row for row in standing(story.session("operator")).rows if row.stage == "production"]
    assert (row.good, row.good_days, row.good_old) == ("1.0.0", days, old)
    verdict = story.check(story.rollback("fraud")).verdict
    assert verdict.allowed
    assert [finding.code for finding in verdict.findings] == (["GM-P509"] if old else [])


def test_where_nothing_good_is_left_status_says_so_and_names_what_stands_in(tmp_path):
    changes = {"rollback": {"degrade": "fallback:rules@1.0.0"}}
    story = stories.registry(tmp_path / "registry.git", changes=changes)
    for model in ("fraud", "rules"):
        story.version(model, "1.0.0")
        story.live(model, "1.0.0", *stories.STAGES)
    story.merge(story.rollback("fraud"), by="operator")
    rows = {(row.model, row.stage): row for row in standing(story.session("operator")).rows}
    assert (rows["fraud", "production"].desired, rows["fraud", "production"].good) == ("rules@1.0.0", None)
