"""Reviews and comments: what GitHub recorded is what was said, or it is an error."""

import pytest

from gitops_models.errors.codes import Exit
from tests.support.answering import Reply
from tests.support.refusals import refused

HOME = "/repos/acme/registry"
REVIEWS = f"{HOME}/pulls/12/reviews"
OID, OTHER = "0f" * 20, "1e" * 20
ADA = {"id": 7, "login": "ada", "type": "User"}


def review(number=1, **changes):
    made = {
        "id": number,
        "user": ADA,
        "state": "APPROVED",
        "commit_id": OID,
        "submitted_at": "2026-11-22T08:00:00Z",
        "body": "fine",
    }
    return made | changes


def test_reviews_are_read_in_order(server, client):
    rows = [
        review(1),
        review(2, state="CHANGES_REQUESTED", user=None),
        review(3, state="DISMISSED", commit_id=None),
        review(4, state="PENDING", submitted_at=None, body=None),
        review(5, state="COMMENTED", user=ADA | {"type": "Bot", "login": "gm[bot]"}),
    ]
    server.on(f"GET {REVIEWS}", rows)
    found = client.reviews(12)
    states = ["approved", "changes-requested", "dismissed", "pending", "commented"]
    assert [one.state for one in found] == states
    assert [one.account and one.account.id for one in found] == [7, None, 7, 7, 7]
    assert [one.commit for one in found] == [OID, OID, None, OID, OID]
    assert (found[3].submitted, found[3].body, found[0].submitted) == (None, "", "2026-11-22T08:00:00Z")
    assert found[4].account.kind == "Bot"


@pytest.mark.parametrize(
    "change",
    [
        {"id": "1"},
        {"user": {"login": "ada"}},
        {"user": {"id": 7}},
        {"user": []},
        {"state": None},
        {"state": 3},
        {"commit_id": OID[:7]},
        {"commit_id": 7},
        {"submitted_at": 1700000000},
        {"submitted_at": "2026-13-22T08:00:00Z"},
    ],
)
def test_one_review_that_cannot_be_read_spoils_the_list(server, client, change):
    server.on(f"GET {REVIEWS}", [review(8), review(**change)])
    assert refused("GM-F408", client.reviews, 12).exit_status == Exit.EXTERNAL


@pytest.mark.parametrize(
    ("event", "state"), [("APPROVE", "APPROVED"), ("REQUEST_CHANGES", "CHANGES_REQUESTED"), ("COMMENT", "COMMENTED")]
)
def test_a_review_names_the_commit_that_was_judged(server, client, event, state):
    server.on(f"POST {REVIEWS}", review(state=state))
    made = client.submit_review(12, commit=OID, event=event, body="fine")
    assert (made.commit, made.account.id) == (OID, 7)
    assert server.asked[0].body == {"commit_id": OID, "event": event, "body": "fine"}


@pytest.mark.parametrize(
    "change", [{"commit_id": OTHER}, {"commit_id": None}, {"state": "COMMENTED"}, {"state": "PENDING"}]
)
def test_another_review_than_was_given_is_refused(server, client, change):
    server.on(f"POST {REVIEWS}", review(**change))
    refused("GM-F408", client.submit_review, 12, commit=OID, event="APPROVE", body="fine")
    assert len(server.asked) == 1


def test_nobody_approves_their_own(server, client):
    errors = ["Can not approve your own pull request"]
    server.on(f"POST {REVIEWS}", Reply({"message": "Unprocessable Entity", "errors": errors}, 422))
    error = refused("GM-F405", client.submit_review, 12, commit=OID, event="APPROVE", body="")
    assert (error.exit_status, error.details) == (Exit.DENIED, tuple(errors))


def test_a_review_can_be_dismissed(server, client):
    server.on(f"PUT {REVIEWS}/1/dismissals", review(state="DISMISSED"))
    assert client.dismiss_review(12, 1, "stale").state == "dismissed"
    assert server.asked[0].body == {"message": "stale", "event": "DISMISS"}


def test_comments(server, client):
    row = {"id": 5, "user": ADA, "body": "words"}
    server.on(f"GET {HOME}/issues/12/comments", [row, {"id": 6, "user": None}])
    server.on(f"POST {HOME}/issues/12/comments", Reply(row, 201))
    server.on(f"PATCH {HOME}/issues/comments/5", row | {"body": "others"})
    one, two = client.comments(12)
    assert (one.body, one.account.login, two.body, two.account) == ("words", "ada", "", None)
    assert client.comment(12, "words").id == 5
    assert client.edit_comment(5, "others").body == "others"
    assert [one.body for one in server.asked] == [None, {"body": "words"}, {"body": "others"}]


def happened(number, name, at="2026-11-22T08:00:00Z"):
    return {"id": number, "event": name, "actor": ADA, "created_at": at, "commit_id": None}


@pytest.mark.parametrize(
    ("rows", "at"),
    [
        ([], None),
        ([happened(1, "labeled"), happened(2, "base_ref_force_pushed")], None),
        ([happened(1, "base_ref_changed"), happened(2, "labeled", "2026-11-22T09:00:00Z")], "2026-11-22T08:00:00Z"),
        (
            [
                happened(1, "automatic_base_change_succeeded", "2026-11-22T09:00:00Z"),
                happened(2, "base_ref_changed"),
                happened(3, "automatic_base_change_failed", "2026-11-22T10:00:00Z"),
            ],
            "2026-11-22T09:00:00Z",
        ),
    ],
    ids=["nothing", "other", "changed", "automatic"],
)
def test_the_last_change_of_the_base_is_found(server, client, rows, at):
    server.on(f"GET {HOME}/issues/12/events", rows)
    assert client.retargeted(12) == at


@pytest.mark.parametrize(
    "change", [{"created_at": None}, {"created_at": "now"}, {"event": None}, {"event": 3}], ids=repr
)
def test_an_event_without_name_or_time_is_an_error(server, client, change):
    server.on(f"GET {HOME}/issues/12/events", [happened(1, "base_ref_changed") | change])
    refused("GM-F408", client.retargeted, 12)
