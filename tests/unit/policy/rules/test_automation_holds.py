"""Automation that dates its rollbacks apart still leaves its holds."""

from datetime import timedelta

import pytest

from gitops_models.policy.verdict import Severity
from tests.support.policy import AT, finding, hold_file
from tests.unit.policy.rules.test_automation import RATE, policy, world


@pytest.mark.parametrize(("by", "codes"), [("monitor", ("GM-P508",)), ("operator", ())])
def test_holds_of_automation_that_stand_count_whatever_their_date(by, codes):
    here = world(data=policy(rollback=RATE), at=AT - timedelta(days=99))
    for number, version in ((1, "1.3.0"), (2, "1.2.0")):
        edits = here.stage(version) | hold_file(number, by=by)
        here.accept(edits, by, at=AT - timedelta(days=9 - 3 * number))
    again = here.stage("1.1.0") | hold_file(3, by="monitor")
    verdict = here.judge(again, "monitor")
    assert verdict.codes == codes
    if codes:
        assert finding(verdict, "GM-P508").message == "2 holds of automation stand in production of fraud"
    lifted = hold_file(3, action="lift", root_cause="https://incidents.example/1")
    assert here.accept(lifted).codes(here.stage("1.1.0") | hold_file(4, by="monitor"), "monitor") == ()


def test_a_person_is_told_of_the_holds_of_automation_and_not_stopped():
    here = world(data=policy(rollback=RATE), at=AT - timedelta(days=99))
    for number, version in ((1, "1.3.0"), (2, "1.2.0")):
        here.accept(here.stage(version) | hold_file(number, by="monitor"), "monitor", at=AT - timedelta(days=9))
    verdict = here.judge(here.stage("1.1.0") | hold_file(3, by="operator"), "operator")
    assert verdict.allowed
    assert finding(verdict, "GM-P508").severity is Severity.WARN
