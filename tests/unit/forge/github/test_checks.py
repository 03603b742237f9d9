"""Check runs, commit statuses and deployments: limits of GitHub are kept, and what it set is what was meant."""

from gitops_models.forge.github.models import Annotation
from tests.support.answering import Reply
from tests.support.refusals import refused

HOME = "/repos/acme/registry"
OID, OTHER = "0f" * 20, "1e" * 20
CHECK = {"id": 3, "name": "gm policy", "head_sha": OID, "status": "completed", "conclusion": "failure"}
REMARK = Annotation("stages/fraud.yaml", 1, 2, "failure", "no", "GM-P101")
DEPLOYMENT = {"id": 9, "sha": OID, "environment": "production/fraud", "payload": {"step": 4}, "task": "deploy"}


def test_checks_say_who_set_them(server, client):
    ours = CHECK | {"app": {"id": 15368, "slug": "github-actions"}, "external_id": "x"}
    rows = [ours, CHECK | {"id": 4, "app": None, "conclusion": None, "status": "novel"}]
    server.on(f"GET {HOME}/commits/a%2Fb/check-runs", {"total_count": 2, "check_runs": rows})
    one, two = client.checks("a/b", name="gm policy")
    assert (one.app_id, one.app_slug, one.external_id, one.head) == (15368, "github-actions", "x", OID)
    assert (two.app_id, two.status, two.conclusion, two.external_id) == (None, "novel", None, None)
    assert (server.asked[0].query["check_name"], server.asked[0].query["filter"]) == ("gm policy", "latest")


def test_a_check_is_set_on_the_head(server, client):
    server.on(f"POST {HOME}/check-runs", Reply(CHECK, 201))
    made = client.create_check("gm policy", OID, status="completed", conclusion="failure", external_id="x")
    assert made.conclusion == "failure"
    body = {"name": "gm policy", "head_sha": OID, "status": "completed", "conclusion": "failure", "external_id": "x"}
    assert server.asked[0].body == body


def test_a_check_on_another_commit_is_refused(server, client):
    server.on(f"POST {HOME}/check-runs", Reply(CHECK | {"head_sha": OTHER}, 201))
    refused("GM-F408", client.create_check, "gm policy", OID, status="queued")


def test_many_annotations_go_in_several_requests(server, client):
    server.on(f"POST {HOME}/check-runs", Reply(CHECK, 201))
    server.on(f"PATCH {HOME}/check-runs/3", CHECK)
    client.create_check("gm policy", OID, status="completed", title="t", summary="s", annotations=[REMARK] * 120)
    outputs = [one.body["output"] for one in server.asked]
    assert [(one["title"], one["summary"], len(one["annotations"])) for one in outputs] == [
        ("t", "s", 50),
        ("t", "s", 50),
        ("t", "s", 20),
    ]
    remark = {"path": "stages/fraud.yaml", "start_line": 1, "end_line": 2, "annotation_level": "failure"}
    assert outputs[0]["annotations"][0] == remark | {"message": "no", "title": "GM-P101"}
    assert server.asked[1].body.keys() == {"output"}


def test_texts_are_cut_to_what_github_takes(server, client):
    server.on(f"PATCH {HOME}/check-runs/3", CHECK)
    plain = Annotation("a", 1, 1, "notice", "m")
    client.update_check(3, status="completed", conclusion="success", title="t" * 300, summary="s" * 70000)
    client.update_check(3, title="t", annotations=[plain])
    output = server.asked[0].body["output"]
    assert (len(output["title"]), output["summary"][-2:], len(output["summary"])) == (255, "s…", 65535)
    assert "title" not in server.asked[1].body["output"]["annotations"][0]


def test_annotations_are_not_added_twice(server, client):
    server.on(f"PATCH {HOME}/check-runs/3", Reply({}, 502), CHECK)
    refused("GM-F407", client.update_check, 3, title="t", annotations=[REMARK])
    assert len(server.asked) == 1
    server.on(f"PATCH {HOME}/check-runs/3", Reply({}, 502), CHECK)
    assert client.update_check(3, status="queued").id == 3


def test_statuses(server, client):
    row = {"id": 1, "context": "gm", "state": "success", "description": None}
    server.on(f"POST {HOME}/statuses/{OID}", Reply(row, 201))
    made = client.set_status(OID, state="success", context="gm", description="x" * 200, target_url="https://x.example")
    assert (made.state, made.description) == ("success", None)
    assert len(server.asked[0].body["description"]) == 140
    server.on(f"GET {HOME}/commits/main/status", {"sha": OID, "state": "pending", "total_count": 1, "statuses": [row]})
    found = client.status("main")
    assert (found.sha, found.state, [one.context for one in found.statuses]) == (OID, "pending", ["gm"])


def test_deployments(server, client):
    theirs = DEPLOYMENT | {"id": 8, "payload": "words"}
    server.on(f"GET {HOME}/deployments", [DEPLOYMENT, theirs])
    one, two = client.deployments(environment="production/fraud", sha=OID)
    assert (one.payload, two.payload, one.environment, one.task) == ({"step": 4}, {}, "production/fraud", "deploy")
    query = server.asked[0].query
    assert (query["environment"], query["sha"]) == ("production/fraud", OID)
    client.deployments()
    assert server.asked[1].query.keys() == {"page", "per_page"}


def test_a_deployment_waits_for_no_check_and_merges_nothing(server, client):
    server.on(f"POST {HOME}/deployments", Reply(DEPLOYMENT, 201))
    assert client.create_deployment(OID, "production/fraud", payload={"step": 4}, description="x" * 150).id == 9
    body = server.asked[0].body
    assert (body["ref"], body["auto_merge"], body["required_contexts"]) == (OID, False, [])
    assert (body["payload"], len(body["description"])) == ({"step": 4}, 140)


def test_a_deployment_that_is_only_words_is_refused(server, client):
    server.on(f"POST {HOME}/deployments", Reply({"message": "Auto-merged main into topic"}, 202))
    refused("GM-F408", client.create_deployment, OID, "production/fraud", payload={})


def test_what_became_of_a_deployment(server, client):
    path = f"{HOME}/deployments/9/statuses"
    rows = [
        {"id": 1, "state": "success", "description": "x", "log_url": "https://x.example"},
        {"id": 2, "state": "new"},
    ]
    server.on(f"GET {path}", rows)
    server.on(f"POST {path}", Reply(rows[0], 201))
    one, two = client.deployment_statuses(9)
    assert (one.state, one.log_url, two.description, two.log_url) == ("success", "https://x.example", "", "")
    made = client.set_deployment_status(9, "success", "x", log_url="https://x.example", auto_inactive=True)
    assert made.id == 1
    assert server.asked[-1].body == {
        "state": "success",
        "description": "x",
        "log_url": "https://x.example",
        "auto_inactive": True,
    }
