"""The wake-up call of a reconciler: whatever comes, only what was signed rings."""

import base64
import hashlib
import hmac

from gitops_models.delivery.serving import wake
from gitops_models.errors import GmError
from tests.fuzz.engine import Target

SECRET = b"a secret of more than 24 bytes"
BODY = b'{"ref": "refs/heads/main"}'
NOW = 1000.0


def _hub(body):
    return b"x-hub-signature-256: sha256=" + hmac.new(SECRET, body, hashlib.sha256).hexdigest().encode()


def _standard(body, name=b"msg", at=b"1000"):
    digest = hmac.new(SECRET, b".".join((name, at, body)), hashlib.sha256).digest()
    return b"\n".join(
        (b"webhook-id: " + name, b"webhook-timestamp: " + at, b"webhook-signature: v1," + base64.b64encode(digest))
    )


SEEDS = [
    head + b"\n\n" + body
    for body in (BODY, b"")
    for head in (_hub(body), _standard(body), _hub(body) + b"\n" + _standard(body))
]
WORDS = [
    b"webhook-id: ",
    b"webhook-timestamp: ",
    b"webhook-signature: ",
    b"v1,",
    b"sha256=",
    b" ",
    b"\n\n",
    b"1e3",
    b".",
]


def read(data):
    """A call that rings has a body that was signed, under the very signature that belongs to it."""
    head, _, body = data.partition(b"\n\n")
    lines = (line.partition(": ") for line in head.decode("latin-1").split("\n"))
    headers = {name.lower(): value for name, _, value in lines}
    if not wake.is_signed(SECRET, headers, iter([body[:3], body[3:]]), now=NOW):
        raise GmError("GM-R121", "not signed")
    said = headers.get("x-hub-signature-256", "")
    by_hub = hmac.compare_digest(
        said.encode(), b"sha256=" + hmac.new(SECRET, body, hashlib.sha256).hexdigest().encode()
    )
    assert body in (BODY, b"")
    assert by_hub or (headers["webhook-id"], headers["webhook-timestamp"]) == ("msg", "1000")


def target():
    return Target("wake-up calls", read, (wake,), SEEDS, WORDS, (GmError,), 1)
