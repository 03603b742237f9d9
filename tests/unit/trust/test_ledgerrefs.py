import pytest

from gitops_models.errors import GmError
from gitops_models.trust.ledgerrefs import LedgerNames, changes_topic, deployments_topic, is_change_id
from tests.support.signed import CHANGE


def test_a_fetch_never_goes_straight_onto_the_ledger():
    names = LedgerNames("origin")
    assert names.refspec == "+refs/gm/*:refs/gm-remote/origin/*"
    topic = changes_topic(CHANGE)
    assert names.shared(topic) == f"refs/gm/changes/{CHANGE}"
    assert names.fetched(topic) == f"refs/gm-remote/origin/changes/{CHANGE}"
    assert names.seen(topic) == f"refs/gm-seen/origin/tips/changes/{CHANGE}"


def test_without_a_remote_the_repository_speaks_for_itself():
    names = LedgerNames(None)
    assert names.fetched("x") == names.shared("x") == "refs/gm/x"
    assert names.prefixes == ("refs/gm-seen/here/tips/", "refs/gm-seen/here/diverged/", "refs/gm/")


@pytest.mark.parametrize("text", ["", "c" * 63, "C" * 64, f"../{CHANGE}", CHANGE + "\n"])
def test_only_a_change_id_is_one(text):
    assert not is_change_id(text)
    with pytest.raises(GmError) as caught:
        changes_topic(text)
    assert caught.value.code == "GM-T403"


def test_a_target_has_a_name():
    assert deployments_topic("edge-1") == "deployments/edge-1"
    with pytest.raises(GmError):
        deployments_topic("../edge")
