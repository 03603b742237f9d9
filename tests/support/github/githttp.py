"""Git over HTTP: ``git http-backend`` behind tokens, and rules that decline pushes."""

import base64
import gzip
import os
import re
import subprocess

from tests.support.github import rules
from tests.support.github.messages import Answer

PATH = re.compile(r"/(?P<owner>[^/]+)/(?P<name>[^/]+?)(?:\.git)?(?P<rest>/(?:info/refs|git-(?:upload|receive)-pack))")
DECLINE = """#!/bin/sh
cat >&2 "$FAKE_WORDS"
exit 1
"""


def serve(fake, request):
    """Answer a request of git, or None when it is none."""
    match = PATH.fullmatch(request.path)
    repo = match and fake.repositories.get(f"{match['owner']}/{match['name']}".lower())
    if not repo:
        return Answer(404, None, {"Content-Type": "text/plain"}, b"Not Found\n")
    writes = "git-receive-pack" in (match["rest"] + request.query.get("service", ""))
    account = fake.authenticate(request.headers)
    if account is None or account is NotImplemented:
        anonymous = account is None and not writes and repo.permission(None) == "read"
        if not anonymous:
            return Answer(401, None, {"WWW-Authenticate": 'Basic realm="GitHub"'}, b"Authentication required\n")
    if not repo.may(account, "write" if writes else "read"):
        return Answer(403, None, {}, b"Write access to repository not granted.\n")
    return _run(fake, repo, account, request, match["rest"])


def _run(fake, repo, account, request, rest):
    environ = _environ(repo, account, request, rest)
    pushes = rest == "/git-receive-pack"
    if pushes:
        environ |= _declining(fake, repo, account, request)
    done = subprocess.run(
        ["git", "http-backend"], input=request.body, env=environ, capture_output=True, check=False, timeout=300
    )
    if pushes:
        with fake.lock:
            repo.scan(account)
    return _parsed(done.stdout)


def _environ(repo, account, request, rest):
    read = request.headers.get
    who = {"REMOTE_USER": account.login} if account else {}
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(repo.path),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_PROJECT_ROOT": str(repo.path.parent),
        "GIT_HTTP_EXPORT_ALL": "1",
        "PATH_INFO": f"/{repo.path.name}{rest}",
        "REQUEST_METHOD": request.method,
        "QUERY_STRING": "&".join(f"{name}={value}" for name, value in request.query.items()),
        "CONTENT_TYPE": read("Content-Type", ""),
        "CONTENT_LENGTH": str(len(request.body)),
        "HTTP_CONTENT_ENCODING": read("Content-Encoding", ""),
        "HTTP_GIT_PROTOCOL": read("Git-Protocol", ""),
        "REMOTE_ADDR": "127.0.0.1",
        **who,
    }


def _declining(fake, repo, account, request):
    """Settings for this one push: no rewinds of protected branches, or a hook that says why nothing goes."""
    commands = list(_commands(request))
    branches = [name.removeprefix("refs/heads/") for _, _, name in commands if name.startswith("refs/heads/")]
    words = rules.refuses_push(repo, account, commands)
    if words is None:
        return (
            _configured({"receive.denyNonFastForwards": "true"})
            if any(rules.rewinds(repo, each) for each in branches)
            else {}
        )
    hooks = fake.folder / "declining"
    hooks.mkdir(exist_ok=True)
    said = hooks / f"{fake.next_id()}.txt"
    said.write_text(f"{words}\n")
    (hooks / "pre-receive").write_text(DECLINE)
    (hooks / "pre-receive").chmod(0o755)
    return _configured({"core.hooksPath": str(hooks)}) | {"FAKE_WORDS": str(said)}


def _configured(settings):
    entries = {"GIT_CONFIG_COUNT": str(len(settings))}
    for number, (name, value) in enumerate(settings.items()):
        entries |= {f"GIT_CONFIG_KEY_{number}": name, f"GIT_CONFIG_VALUE_{number}": value}
    return entries


def _commands(request):
    """What the push wants to do: (old, new, ref)."""
    body = request.body
    if request.headers.get("Content-Encoding") == "gzip":
        body = gzip.decompress(body)
    while size := int(body[:4] or b"0", 16):
        old, new, name = body[4:size].split(b"\0")[0].strip().decode().split(" ", 2)
        yield old, new, name
        body = body[size:]


def _parsed(output):
    head, _, content = output.partition(b"\r\n\r\n")
    headers = dict(line.decode().split(": ", 1) for line in head.split(b"\r\n") if b": " in line)
    status = int(headers.pop("Status", "200").split(" ")[0])
    return Answer(status, None, headers, content)


def basic(header):
    """The password of a Basic header."""
    return base64.b64decode(header.split(" ", 1)[1]).decode().partition(":")[2]
