"""The root, the caller's own account and teams."""

from tests.support.github.descriptions import public_user, user
from tests.support.github.messages import Refused, not_found
from tests.support.github.routing import route
from tests.support.github.validation import description

TEAM = "/orgs/{org}/teams/{team_slug}"


@route("GET", "/")
def root(call):
    names = description()["components"]["schemas"]["root"]["required"]
    return {name: f"{call.fake.api_url}/{name.removesuffix('_url')}" for name in names}


@route("GET", "/user")
def me(call):
    if call.account is None:
        raise Refused(401, "Requires authentication")
    if call.account.kind == "Bot":
        raise Refused(403, "Resource not accessible by integration")
    return public_user(call.fake, call.account)


def _team(call):
    found = call.fake.teams.get((call.names["org"], call.names["team_slug"]))
    if found is None or call.account is None:
        raise not_found()
    return found


@route("GET", TEAM + "/members")
def members(call):
    return [user(call.fake, account) for account in _team(call).members if not account.deleted]


@route("GET", TEAM + "/memberships/{username}")
def membership(call):
    found = _team(call)
    if call.names["username"] not in [account.login for account in found.members]:
        raise not_found()
    place = f"{call.fake.api_url}/orgs/{found.organization}/teams/{found.slug}/memberships/{call.names['username']}"
    return {"url": place, "role": "member", "state": "active"}
