"""How a GitHub App signs in: a claim signed with its key, for which it gets a token of an installation.

These operations are not in the description's subset, so nothing is validated here but the claim.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

import jwt

from tests.support.github.messages import Answer, Refused, not_found
from tests.support.github.routing import route
from tests.support.github.state import Account

LONGEST = timedelta(minutes=10)  # GitHub takes no claim that lives longer
LIFE = timedelta(hours=1)


@dataclass(frozen=True)
class Token:
    """A token of an installation; ``names`` are the repositories that it is for, None for all."""

    account: Account
    until: datetime
    names: tuple[str, ...] | None


def claimed(fake, words):
    """The App that signed a claim, as an account that may do nothing but ask for tokens; raises Refused(401)."""
    try:
        issuer = jwt.decode(words, options={"verify_signature": False})["iss"]
        bot = next(one for one in fake.accounts.values() if one.app_key and str(one.app_id) == issuer)
        said = jwt.decode(words, bot.app_key, algorithms=["RS256"], options={"verify_exp": False, "verify_iat": False})
    except (jwt.PyJWTError, KeyError, StopIteration):
        raise Refused(401, "A JSON web token could not be decoded") from None
    now = fake.clock().timestamp()
    if not (said["iat"] <= now < said["exp"] <= said["iat"] + LONGEST.total_seconds()):
        raise Refused(401, "'Expiration time' claim ('exp') is too far in the future")
    return Account(bot.id, bot.login, "App", "read", app_id=bot.app_id)


@route("GET", "/repos/{owner}/{repo}/installation")
def installation(call):
    bot = _bot(call)
    return {"id": bot.id, "app_id": bot.app_id, "app_slug": bot.slug, "target_type": "Organization"}


@route("POST", "/app/installations/{installation_id}/access_tokens")
def access_token(call):
    bot = _bot(call)
    if bot.id != call.number("installation_id"):
        raise not_found()
    names = call.body.get("repositories")
    until = call.fake.clock() + LIFE
    words = "ghs_" + hashlib.sha256(f"{bot.id} {call.fake.next_id()}".encode()).hexdigest()[:36]
    call.fake.tokens[words] = Token(bot, until, tuple(names) if names else None)
    return Answer(201, {"token": words, "expires_at": until.strftime("%Y-%m-%dT%H:%M:%SZ"), "permissions": {}})


def _bot(call):
    if call.account is None or call.account.kind != "App":
        raise Refused(401, "A JSON web token could not be decoded")
    return call.fake.accounts[call.account.login]
