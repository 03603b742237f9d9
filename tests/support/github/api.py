"""One request of the API from its token to its answer, validated on both ends."""

import hashlib
import re
from urllib.parse import urlencode

from tests.support.github import (  # noqa: F401 - modules that bring routes
    apps,
    checks,
    commits,
    deployments,
    issues,
    places,
    pulls,
    repos,
    reviews,
)
from tests.support.github.messages import Answer, Refused, Request, not_found
from tests.support.github.routing import Call, find_route
from tests.support.github.validation import answer_errors, operation, request_errors

VERSIONS = ("2022-11-28", "2026-03-10")
NAMELESS = "Please make sure your request has a User-Agent header"
BY_ID = re.compile(r"/repositories/(\d+)(/.*)?")


def answer(fake, request, prefix):
    """The answer and how much of it is sent; see ``FakeGitHub``."""
    path = request.path.removeprefix(prefix) or "/"
    request = Request(request.method, path, request.query, request.headers, request.body)
    fault = fake.faults.take(request.method, path)
    if fault is not None:
        fake.wait(fault)
    if fault is None or not fault.replaces or fault.applied:
        real = _real(fake, request)
    if fault is None:
        return real, None
    if fault.replaces:
        fake.requests.append((request.method, path, None))
        return (None if fault.drop else fault.replacement()), None
    return fault.spoil(real), fault.truncate


def _real(fake, request):
    with fake.lock:
        try:
            account = _account(fake, request)
            call = _call(fake, request, account)
        except Refused as refused:
            fake.requests.append((request.method, request.path, refused.status))
            return refused.answer
        made = _validated(call)
        fake.requests.append((request.method, request.path, made.status))
        return _finished(call, made)


def _account(fake, request):
    account = fake.authenticate(request.headers)
    if account is NotImplemented:
        raise Refused(401, "Bad credentials")
    if not request.headers.get("User-Agent"):
        raise Refused(
            403, "Request forbidden by administrative rules. Please make sure your request has a User-Agent header"
        )
    version = request.headers.get("X-GitHub-Api-Version", VERSIONS[0])
    if version not in VERSIONS:
        raise Refused(400, f"The version {version} is not supported")
    return account


def _call(fake, request, account):
    path = _by_name(fake, request.path)
    try:
        route, names = find_route(request.method, path)
    except Refused:
        fake.violations.append(f"{request.method} {path}: no operation of the description")
        raise
    if account is not None and account.kind == "App" and operation(route.method, route.template):
        raise Refused(401, "A JSON web token could not be decoded")
    call = Call(fake, request, route, names, account)
    if "{repo}" in route.template:
        call.repo = fake.repositories.get(f"{names['owner']}/{names['repo']}".lower())
        if call.repo is None or not call.repo.may(account, "read") or not _is_for(call):
            raise not_found()
        call.repo.scan()
    return call


def _is_for(call):
    """Whether the token, where it is an installation's, is for this repository."""
    words = (call.request.headers.get("Authorization") or "").partition(" ")[2]
    made = call.fake.tokens.get(words)
    return made is None or made.names is None or call.repo.name in made.names


def _by_name(fake, path):
    """``/repositories/<id>/…``, as GitHub writes it into Link headers, is ``/repos/<owner>/<name>/…``."""
    match = BY_ID.fullmatch(path)
    found = [repo for repo in fake.repositories.values() if match and repo.id == int(match[1])]
    return f"/repos/{found[0].full_name}{match[2] or ''}" if found else path


def _validated(call):
    try:
        _note(call, "request", request_errors(call))
        made = call.route.handler(call)
        made = made if isinstance(made, Answer) else Answer(200, made)
    except Refused as refused:
        made = refused.answer
    _note(call, f"answer {made.status}", answer_errors(call, made))
    return made


def _note(call, what, errors):
    name = f"{call.route.method} {call.route.template}"
    call.fake.violations += [f"{name}: {what}: {error}" for error in errors]


def _finished(call, made):
    """Pages, the entity tag, the headers of every answer."""
    made = _paged(call, made)
    headers = {
        "X-GitHub-Request-Id": f"FAKE:{call.fake.next_id()}",
        "X-GitHub-Api-Version-Selected": call.request.headers.get("X-GitHub-Api-Version", VERSIONS[0]),
        "X-RateLimit-Limit": "5000",
        "X-RateLimit-Remaining": "4999",
        "X-RateLimit-Reset": "4102444800",
        "X-RateLimit-Resource": "core",
        **made.headers,
    }
    if call.request.method != "GET" or made.status != 200:
        return Answer(made.status, made.data, headers, made.raw)
    headers["ETag"] = f'W/"{hashlib.sha256(made.content).hexdigest()}"'
    if call.request.headers.get("If-None-Match") == headers["ETag"]:
        return Answer(304, None, headers)
    return Answer(200, made.data, headers, made.raw)


def _paged(call, made):
    """Cut a list into pages, with the Link header; objects name the field that holds their list."""
    names = {"/commits/{ref}/check-runs": "check_runs", "/commits/{ref}/status": "statuses"}
    field = next((name for ending, name in names.items() if call.route.template.endswith(ending)), None)
    whole = made.data[field] if field and made.status == 200 else made.data
    if not isinstance(whole, list) or not _pages(call) or made.status != 200:
        return made
    size = max(1, min(100, int(call.query.get("per_page") or 30)))
    page, last = max(1, int(call.query.get("page") or 1)), max(1, -(-len(whole) // size))
    part = whole[(page - 1) * size : page * size]
    wanted = {"prev": page - 1, "next": page + 1, "last": last, "first": 1}
    linked = {kind: number for kind, number in wanted.items() if 1 <= number <= last and number != page}
    links = ", ".join(f'<{_address(call, number)}>; rel="{kind}"' for kind, number in linked.items())
    headers = made.headers | ({"Link": links} if links else {})
    return Answer(200, made.data | {field: part} if field else part, headers)


def _pages(call):
    known = operation(call.route.method, call.route.template)
    if known is None:
        return call.route.template.endswith("/events")
    return any(each.get("$ref", "").endswith("/page") for each in known.get("parameters", ()))


def _address(call, page):
    """GitHub links to a repository by its number, whatever name the client used."""
    path = call.request.path
    if call.repo:
        path = re.sub(r"^/(repos/[^/]+/[^/]+|repositories/\d+)", f"/repositories/{call.repo.id}", path)
    return f"{call.fake.api_url}{path}?{urlencode({**call.query, 'page': page})}"
