"""A plain caller of the fake's API, for what tests ask beside ``gm``."""

import functools
import json
from dataclasses import dataclass
from typing import Any

import urllib3


@functools.cache
def _pool(authority):
    return urllib3.PoolManager(ca_certs=authority, retries=False)


@dataclass(frozen=True)
class Said:
    """What the API said."""

    status: int
    data: Any
    headers: Any


def ask(fake, login, method, path, body=None, **headers):
    """One request by an account (None: anonymous); ``path`` begins behind the API's prefix."""
    sent = {"User-Agent": "a test", **{name.replace("_", "-"): value for name, value in headers.items()}}
    if login is not None:
        sent["Authorization"] = f"Bearer {fake.accounts[login].token}"
    address = path if path.startswith("https:") else fake.api_url + path
    given = {} if body is None else {"body": json.dumps(body)}
    done = _pool(str(fake.ca)).request(method, address, headers=sent, redirect=False, **given)
    return Said(done.status, json.loads(done.data) if done.data else None, done.headers)
