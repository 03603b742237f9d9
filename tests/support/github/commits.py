"""Commits, refs, releases and attestations."""

import base64
import json

import pygit2

from tests.support.github import bodies
from tests.support.github.descriptions import node, person
from tests.support.github.messages import Answer, Refused, invalid, not_found
from tests.support.github.routing import route

REPO = "/repos/{owner}/{repo}"


def _found(call, name):
    found = call.repo.bare.commit(call.names[name])
    if found is None:
        raise Refused(422, f"No commit found for SHA: {call.names[name]}", [])
    return found


@route("GET", REPO + "/commits/{ref}")
def get_commit(call):
    commit = _found(call, "ref")
    bare, oid = call.repo.bare, str(commit.id)
    if "sha" in call.request.headers.get("Accept", ""):
        return Answer(200, None, {"Content-Type": "application/vnd.github.sha"}, oid.encode())
    changed = bare.diff(str(commit.parent_ids[0]), oid) if commit.parents else commit.tree.diff_to_tree(swap=True)
    plus, minus = changed.stats.insertions, changed.stats.deletions
    stats = {"additions": plus, "deletions": minus, "total": plus + minus}
    return {
        **bodies.commit(call.repo, commit),
        "stats": stats,
        "files": [bodies.file(call.repo, oid, each) for each in changed],
    }


@route("GET", REPO + "/git/commits/{commit_sha}")
def get_git_commit(call):
    commit = call.repo.bare.opened.get(call.names["commit_sha"]) if len(call.names["commit_sha"]) == 40 else None
    if not isinstance(commit, pygit2.Commit):
        raise not_found()
    return bodies.git_commit(call.repo, commit)


@route("POST", REPO + "/git/refs")
def create_ref(call):
    call.allow("write")
    name, oid = call.body["ref"], call.body["sha"]
    if not name.startswith("refs/") or name.count("/") < 2:
        raise Refused(422, "Reference name must be a fully qualified ref (e.g., refs/heads/main)", [])
    if name in call.repo.bare.refs():
        raise Refused(422, "Reference already exists", [])
    if oid not in call.repo.bare.opened:
        raise Refused(422, "Object does not exist", [])
    if not call.repo.bare.move(name, oid, "0" * 40):
        raise Refused(409, "Reference cannot be updated")
    call.repo.scan(call.account)
    kind = call.repo.bare.opened[oid].type_str
    target = {"type": kind, "sha": oid, "url": f"{call.repo.api}/git/{kind}s/{oid}"}
    place = f"{call.repo.api}/git/{name}"
    return Answer(201, {"ref": name, "node_id": node("Ref", name), "url": place, "object": target})


@route("POST", REPO + "/releases")
def create_release(call):
    call.allow("write")
    given, number, now = call.body, call.fake.next_id(), call.fake.now()
    tag = given["tag_name"]
    if not tag.strip():
        raise invalid("Release", "tag_name is not well-formed", field="tag_name")
    name = f"refs/tags/{tag}"
    if name not in call.repo.bare.refs() and not given.get("draft"):
        commit = call.repo.bare.commit(given.get("target_commitish", call.repo.default))
        if commit is None:
            raise invalid("Release", "target_commitish is invalid", field="target_commitish", code="invalid")
        call.repo.bare.move(name, str(commit.id))
        call.repo.scan(call.account)
    return Answer(201, _release(call, given, number, now))


def _release(call, given, number, now):
    place, tag = f"{call.repo.api}/releases/{number}", given["tag_name"]
    texts = {"name": given.get("name", tag), "body": given.get("body", "")}
    switches = {"draft": given.get("draft", False), "prerelease": given.get("prerelease", False)}
    return {
        "url": place,
        "html_url": f"{call.repo.html}/releases/tag/{tag}",
        "assets_url": f"{place}/assets",
        "upload_url": f"{place}/assets{{?name,label}}",
        "tarball_url": f"{call.repo.api}/tarball/{tag}",
        "zipball_url": f"{call.repo.api}/zipball/{tag}",
        "id": number,
        "node_id": node("Release", number),
        "tag_name": tag,
        "target_commitish": given.get("target_commitish", call.repo.default),
        **texts,
        **switches,
        "created_at": now,
        "published_at": None if switches["draft"] else now,
        "author": person(call.fake, call.account),
        "assets": [],
    }


@route("POST", REPO + "/attestations")
def create_attestation(call):
    call.allow("write")
    number = call.fake.next_id()
    call.repo.attestations.append((number, call.body["bundle"]))
    return Answer(201, {"id": number})


@route("GET", REPO + "/attestations/{subject_digest}")
def list_attestations(call):
    """Every bundle that names the digest as a subject."""
    digest = call.names["subject_digest"].partition(":")[2]
    bundles = [bundle for _, bundle in call.repo.attestations if digest in subjects(bundle)]
    return {"attestations": [{"bundle": bundle, "repository_id": call.repo.id, "bundle_url": ""} for bundle in bundles]}


def subjects(bundle):
    statement = json.loads(base64.b64decode(bundle.get("dsseEnvelope", {}).get("payload", "e30=")))
    return {each["digest"].get("sha256") for each in statement.get("subject", ())}
