"""GPG keys made by the real gpg in a home of their own: plain, with subkeys, expired, revoked."""

import base64
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.support.signed import commit_bytes, put_signature

PAST = "20200101T000000"


@dataclass(frozen=True)
class GpgHome:
    """A person's own gpg home; ``stop`` ends its agent."""

    path: Path

    def run(self, *arguments, stdin=b"", clock=None, passphrase=""):
        time = [f"--faked-system-time={clock}!"] if clock else []
        unlock = ["--pinentry-mode=loopback", f"--passphrase={passphrase}"]
        options = ["--homedir", self.path, "--batch", "--no-tty", *unlock]
        done = subprocess.run(["gpg", *options, *time, *arguments], input=stdin, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout

    def make(self, name, *, expires="never", clock=None, passphrase=""):
        """A new signing key; returns its full fingerprint."""
        user = f"{name} <{name}@example.org>"
        self.run("--quick-generate-key", user, "ed25519", "sign", expires, clock=clock, passphrase=passphrase)
        return self.fingerprints(name)[0]

    def add_subkey(self, fingerprint, *, expires="never", clock=None):
        self.run("--quick-add-key", fingerprint, "ed25519", "sign", expires, clock=clock)
        return self.fingerprints(fingerprint)[-1]

    def revoke(self, fingerprint):
        revocation = (self.path / "openpgp-revocs.d" / f"{fingerprint}.rev").read_text()
        self.run("--import", stdin=revocation.replace(":-----BEGIN", "-----BEGIN").encode())

    def fingerprints(self, which):
        listing = self.run("--with-colons", "--list-keys", which).decode()
        return [line.split(":")[9] for line in listing.splitlines() if line.startswith("fpr:")]

    def export(self, *which):
        return self.run("--armor", "--export", *which)

    def sign(self, data, which, *options, clock=None):
        """A detached signature by exactly the key ``which``, armored."""
        arguments = ["--armor", "--detach-sign", "-u", f"{which}!", *options]
        return self.run(*arguments, stdin=data, clock=clock).decode()

    def commit(self, name, which, *options, clock=None, **fields):
        raw = commit_bytes(name, **fields)
        return put_signature(raw, self.sign(raw, which, *options, clock=clock))

    def stop(self):
        subprocess.run(["gpgconf", "--homedir", self.path, "--kill", "all"], capture_output=True, check=False)


def listed(home, fingerprint, *, clock=None):
    """The entry of a people file for a key as it was exported at ``clock``; expired subkeys are not exported."""
    exported = home.run("--export-options", "export-minimal", "--export", fingerprint, clock=clock)
    return {"type": "gpg", "fingerprint": fingerprint, "key": base64.b64encode(exported).decode()}


def gpg_home(path):
    path.mkdir(mode=0o700)
    return GpgHome(path)
