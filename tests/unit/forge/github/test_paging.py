"""Lists over several pages: whole, or an error. A list with its end cut off could be an approval."""

import pytest

from gitops_models.errors import GmError
from gitops_models.errors.codes import Exit
from tests.support.answering import Reply

COMMENTS = "/repos/acme/registry/issues/1/comments"
REVIEWS = "/repos/acme/registry/pulls/1/reviews"
LONGEST = 65536  # characters of a review
CHECKS = "/repos/acme/registry/commits/main/check-runs"
OID = "0f" * 20
ADA = {"id": 7, "login": "ada"}


def review(number, state="APPROVED"):
    return {
        "id": number,
        "user": ADA,
        "state": state,
        "commit_id": OID,
        "submitted_at": "2026-11-22T08:00:00Z",
        "body": "",
    }


def pages(server, count, *, path=COMMENTS, size=100, named="/repos/acme/registry", under=None, total=None):
    """``count`` reviews as GitHub gives them, page by page, with all of its links."""
    last = max(-(-count // size), 1)

    def reply(asked):
        page = int(asked.query["page"])
        assert asked.query["per_page"] == "100"
        rows = [row(number, under) for number in range((page - 1) * size + 1, min(page * size, count) + 1)]
        address = server.api + path.replace("/repos/acme/registry", named)
        links = {"prev": page - 1, "first": 1} if page > 1 else {}
        links |= {"next": page + 1, "last": last} if page < last else {}
        said = ", ".join(f'<{address}?per_page=100&page={n}>; rel="{rel}"' for rel, n in links.items())
        body = {"total_count": count if total is None else total, under: rows} if under else rows
        return Reply(body, headers={"Link": said} if said else {})

    server.on(f"GET {path}", reply)
    return reply


def row(number, under):
    return review(number) if under is None else {"id": number, "name": "c", "head_sha": OID, "status": "queued"}


def altered(server, change, path=COMMENTS):
    """The same pages, with a change that gets the page's number and its reply."""
    (given,) = server.routes[f"GET {path}"]
    server.on(f"GET {path}", lambda asked: change(int(asked.query["page"]), given(asked)))


def refused(call, *arguments):
    with pytest.raises(GmError) as caught:
        call(*arguments)
    assert (caught.value.code, caught.value.exit_status) == ("GM-F408", Exit.EXTERNAL), caught.value.message
    return caught.value.message


@pytest.mark.parametrize(("count", "asked"), [(0, 1), (1, 1), (99, 1), (101, 2), (200, 2), (250, 3)])
def test_every_page_is_read(server, client, count, asked):
    pages(server, count)
    assert [one.id for one in client.comments(1)] == list(range(1, count + 1))
    assert len(server.asked) == asked


def test_a_link_may_name_the_repository_by_its_id(server, client):
    pages(server, 150, named="/repositories/42")
    assert len(client.comments(1)) == 150
    assert server.lines == [f"GET {COMMENTS}"] * 2


def test_a_link_may_go_on_from_a_cursor(server, client):
    def reply(asked):
        if "after" in asked.query:
            return [review(101)]
        link = f'<{server.api}{COMMENTS}?per_page=100&after=Y3Vyc29y>; rel="next"'
        return Reply([review(number) for number in range(1, 101)], headers={"Link": link})

    server.on(f"GET {COMMENTS}", reply)
    assert len(client.comments(1)) == 101


def test_a_full_page_without_a_link_may_hide_another(server, client):
    pages(server, 150)
    altered(server, lambda _, reply: Reply(reply.body))
    assert len(client.comments(1)) == 150
    pages(server, 100)
    assert len(client.comments(1)) == 100


def test_a_list_that_never_ends_is_refused(server, client):
    pages(server, 10**6)
    assert refused(client.comments, 1) == f"{COMMENTS} has more than 30 pages"
    assert len(server.asked) == 1  # the first page says how many there are
    altered(server, lambda _, reply: Reply(reply.body, headers={"Link": reply.headers["Link"].rpartition(", ")[0]}))
    assert refused(client.comments, 1) == f"{COMMENTS} has more than 30 pages"
    assert len(server.asked) == 31


@pytest.mark.attack("reviews so long and many that no answer holds them", "GM-F408", by="author")
def test_the_longest_reviews_fit_into_answers_and_too_many_cost_one_request(server, client):
    def reply(count):
        def page(asked):
            size, page = int(asked.query["per_page"]), int(asked.query["page"])
            numbers = range((page - 1) * size + 1, min(page * size, count) + 1)
            last = -(-count // size)
            links = [("next", page + 1), ("last", last)] if page < last else []
            said = ", ".join(f'<{server.api}{REVIEWS}?per_page={size}&page={n}>; rel="{rel}"' for rel, n in links)
            rows = [{**review(number), "body": "\U0001f600" * LONGEST} for number in numbers]  # JSON escapes each twice
            return Reply(rows, headers={"Link": said} if said else {})

        return page

    server.on(f"GET {REVIEWS}", reply(41))
    assert [one.id for one in client.reviews(1)] == list(range(1, 42))
    assert len(server.asked) == 3
    server.on(f"GET {REVIEWS}", reply(3001))
    assert refused(client.reviews, 1) == f"{REVIEWS} has more than 150 pages"
    assert len(server.asked) == 4


@pytest.mark.parametrize(
    "link",
    [
        "https://elsewhere.example/api/v3{path}?page=2",
        "http://127.0.0.1:1/api/v3{path}?page=2",
        "{api}/repos/eve/registry/issues/1/comments?page=2",
        "{api}/repos/acme/registry/issues/2/comments?page=2",
        "{api}/repositories/x/issues/1/comments?page=2",
        "{api}/user?page=2",
        "{api}/../../etc?page=2",
    ],
)
def test_a_link_to_another_place_is_not_followed(server, client, link):
    said = f'<{link.format(api=server.api, path=COMMENTS)}>; rel="next"'
    server.on(f"GET {COMMENTS}", Reply([review(number) for number in range(1, 101)], headers={"Link": said}))
    assert refused(client.comments, 1) == f"a link of {COMMENTS} leads elsewhere"
    assert len(server.asked) == 1


@pytest.mark.parametrize("page", [1, 3])
def test_a_link_to_another_page_than_the_next_is_refused(server, client, page):
    said = f'<{server.api}{COMMENTS}?page={page}>; rel="next"'
    server.on(f"GET {COMMENTS}", Reply([review(number) for number in range(1, 101)], headers={"Link": said}))
    assert refused(client.comments, 1) == f"after page 1 of {COMMENTS} GitHub names page {page}"


def test_a_page_cut_short_is_refused(server, client):
    pages(server, 250)
    altered(server, lambda page, reply: Reply(reply.body[:60], headers=reply.headers) if page == 2 else reply)
    assert refused(client.comments, 1) == f"page 2 of {COMMENTS} has 60 items of 100, and there are more pages"


def test_an_end_before_the_last_page_is_refused(server, client):
    pages(server, 350)
    altered(server, lambda page, reply: Reply(reply.body[:60], headers={"Link": ""}) if page == 2 else reply)
    assert refused(client.comments, 1) == f"{COMMENTS} ends after page 2 of 4"


def test_fewer_items_than_promised_are_refused(server, client):
    pages(server, 3, path=CHECKS, under="check_runs", total=4)
    assert refused(client.checks, "main") == f"{CHECKS} has 3 of the 4 items that it promises"
    pages(server, 250, path=CHECKS, under="check_runs")
    assert len(client.checks("main")) == 250
    pages(server, 100, path=CHECKS, under="check_runs")
    assert len(client.checks("main")) == 100


def test_an_item_that_stands_twice_is_refused(server, client):
    pages(server, 150)
    altered(server, lambda page, reply: Reply([review(5)]) if page == 2 else reply)
    assert "stands twice" in refused(client.comments, 1)


@pytest.mark.parametrize("identity", [None, 1.5, {}, []])
def test_an_item_without_an_id_is_refused(server, client, identity):
    server.on(f"GET {COMMENTS}", [review(identity)])
    assert "has no id" in refused(client.comments, 1)


@pytest.mark.parametrize("body", [{}, None, "reviews", [7]])
def test_what_is_no_list_of_objects_is_refused(server, client, body):
    server.on(f"GET {COMMENTS}", Reply(body))
    refused(client.comments, 1)


@pytest.mark.parametrize("body", [[], {"total_count": 0}, {"check_runs": []}, {"total_count": "0", "check_runs": []}])
def test_what_is_no_list_with_its_total_is_refused(server, client, body):
    server.on(f"GET {CHECKS}", Reply(body))
    refused(client.checks, "main")


def test_links_on_two_lines_are_one(server, client):
    pages(server, 150)

    def split(_, reply):
        first, _, second = reply.headers["Link"].partition(", ")
        return Reply(reply.body, headers={"Link": second, "link": first})

    altered(server, split)
    assert len(client.comments(1)) == 150


@pytest.mark.parametrize("form", ['<{}>; type="x"; REL = next', '<{}>;rel="prev next"', '<{}>; rel=next; title="a, b"'])
def test_a_link_has_several_spellings(server, client, form):
    pages(server, 150)
    link = form.format(f"{server.api}{COMMENTS}?per_page=100&page=2")
    altered(server, lambda page, reply: Reply(reply.body, headers={"Link": link}) if page == 1 else reply)
    assert len(client.comments(1)) == 150


@pytest.mark.parametrize("link", ["next", "x; rel=next", "<{}>", '<{}>; title="rel=next"', "<{}>; rel=next>"])
def test_a_link_that_cannot_be_read_is_not_overlooked(server, client, link):
    pages(server, 150)
    said = link.format(f"{server.api}{COMMENTS}?per_page=100&page=2")
    altered(server, lambda _, reply: Reply(reply.body, headers={"Link": said}))
    assert "link" in refused(client.comments, 1)


@pytest.mark.parametrize("status", [404, 401])
def test_no_page_is_left_out_for_an_error(server, client, status):
    pages(server, 150)
    altered(server, lambda page, reply: Reply({}, status) if page == 2 else reply)
    with pytest.raises(GmError) as caught:
        client.comments(1)
    assert caught.value.code == {404: "GM-F403", 401: "GM-F401"}[status]
