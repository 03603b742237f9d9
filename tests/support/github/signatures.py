"""What GitHub says about a commit's signature: really checked, with ssh-keygen, against the keys of accounts."""

import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.support.gpg import GpgHome

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
    if "SIGNED MESSAGE" in signature:
        return "bad_cert"
    email = re.search(rb"\ncommitter [^<]*<([^>]*)>", header)[1].decode("utf-8", "replace")
    if "BEGIN PGP SIGNATURE" in signature:
        return _of_gpg(fake, payload, signature, email)
    fingerprint = checked(payload, signature)
    if fingerprint is None:
        return "invalid"
    if fingerprint == fake.merge_key.fingerprint:
        return "valid" if email == "noreply@github.com" else "bad_email"
    owner = fake.signing_keys().get(fingerprint)
    if owner is None:
        return "unknown_key"
    return "valid" if email in (*owner.emails, owner.noreply) else "bad_email"


def _of_gpg(fake, payload, signature, email):
    key = fake.merge_key
    if not isinstance(key, GpgKey):
        return "unknown_key"
    if not key.made(payload, signature):
        return "invalid"
    return "valid" if email == "noreply@github.com" else "bad_email"


@dataclass(frozen=True)
class GpgKey:
    """What the real GitHub signs with; ``fake.merge_key = GpgKey(home, home.make("web-flow"))``."""

    home: GpgHome
    fingerprint: str

    def sign(self, data, _namespace):
        return self.home.sign(data, self.fingerprint)

    def made(self, payload, signature):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "signature"
            file.write_text(signature)
            command = ["gpg", "--homedir", str(self.home.path), "--batch", "--status-fd=1", "--verify", str(file), "-"]
            done = subprocess.run(command, input=payload, capture_output=True, check=False, timeout=60)
        return done.returncode == 0 and f"VALIDSIG {self.fingerprint}".encode() in done.stdout


def checked(payload, signature):
    """The fingerprint of the key that made an SSH signature, None when it does not hold."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "signature"
        file.write_text(signature)
        command = ["ssh-keygen", "-Y", "check-novalidate", "-n", "git", "-s", str(file)]
        done = subprocess.run(command, input=payload, capture_output=True, check=False, timeout=60)
    found = re.search(rb"SHA256:[A-Za-z0-9+/]+", done.stdout)
    return found[0].decode() if done.returncode == 0 and found else None
