from gitops_models.errors import Exit
from gitops_models.policy.denied import Denied
from gitops_models.policy.render.text import to_text
from tests.support.policy import World


def test_the_error_of_a_denial_is_its_first_finding_and_carries_the_verdict():
    here = World().registered("1.0.0")
    verdict = here.judge(here.stage("1.0.0", "development"))
    error = Denied(verdict)
    assert (error.code, error.exit_status, error.where) == ("GM-P401", Exit.DENIED, verdict.findings[0].where)
    assert error.verdict is verdict
    assert "gm approve" in (error.hint or "")
    assert "GM-P401" in to_text(error.verdict)
