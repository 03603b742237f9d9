"""What GitHub says about a commit's signature: really checked, with ssh-keygen, against the keys of accounts."""

import re
import subprocess
import tempfile
from pathlib import Path

EMBEDDED = re.compile(rb"\ngpgsig ((?:[^\n]*\n)(?: [^\n]*\n)*)")


def verification(repo, oid):
    """The ``verification`` object of a commit; checked once per commit and fake."""
    fake = repo.fake
    if oid not in fake.verified:
        fake.verified[oid] = _judge(fake, repo.bare.raw(oid))
    return fake.verified[oid]


def _judge(fake, raw):
    header, blank, message = raw.partition(b"\n\n")
    found = EMBEDDED.search(header + b"\n")
    if not found:
        return _said("unsigned", None, None)
    signature = found[1].replace(b"\n ", b"\n").decode()
    payload = (header + b"\n")[: found.start() + 1] + (header + b"\n")[found.end() :]
    payload = payload.removesuffix(b"\n") + blank + message
    return _said(_reason(fake, payload, signature, header), signature, payload.decode("utf-8", "replace"), fake.now())


def _said(reason, signature, payload, at=None):
    good = reason == "valid"
    stated = {"signature": signature, "payload": payload, "verified_at": at if good else None}
    return {"verified": good, "reason": reason, **stated}


def _reason(fake, payload, signature, header):
    if "BEGIN SSH SIGNATURE" not in signature:
        return "bad_cert" if "SIGNED MESSAGE" in signature else "unknown_key"
    fingerprint = checked(payload, signature)
    if fingerprint is None:
        return "invalid"
    email = re.search(rb"\ncommitter [^<]*<([^>]*)>", header)[1].decode("utf-8", "replace")
    if fingerprint == fake.merge_key.fingerprint:
        return "valid" if email == "noreply@github.com" else "bad_email"
    owner = fake.signing_keys().get(fingerprint)
    if owner is None:
        return "unknown_key"
    return "valid" if email in (*owner.emails, owner.noreply) else "bad_email"


def checked(payload, signature):
    """The fingerprint of the key that made an SSH signature, None when it does not hold."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "signature"
        file.write_text(signature)
        command = ["ssh-keygen", "-Y", "check-novalidate", "-n", "git", "-s", str(file)]
        done = subprocess.run(command, input=payload, capture_output=True, check=False, timeout=60)
    found = re.search(rb"SHA256:[A-Za-z0-9+/]+", done.stdout)
    return found[0].decode() if done.returncode == 0 and found else None
