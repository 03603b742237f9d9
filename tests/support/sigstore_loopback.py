"""Sigstore on the loopback interface: Fulcio with a CT log, Rekor v1 and v2, a timestamp authority, an OIDC issuer and
GitHub's endpoint for ambient tokens. sigstore-python signs and verifies against it with its own, unchanged code.

All services share one host, because the Fulcio client drops prefixes of paths.
"""

import base64
import hashlib
import json
import struct
import time
from contextlib import contextmanager
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from tests.support.authorities import Authority, extension, key_usage, now, spki, start
from tests.support.serving import Quiet, serving
from tests.support.timestamps import octets, respond, tlv
from tests.support.translog import LogV1, LogV2, b64

SCT_LIST = x509.ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2")
REQUEST_TOKEN = "may-ask-for-tokens"  # the bearer token of the workflow run
# The claim of GitHub's token that becomes each extension (https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md).
CLAIMS = {
    "9": "job_workflow_url",
    "10": "job_workflow_sha",
    "11": "runner_environment",
    "12": "repository_url",
    "13": "sha",
    "14": "ref",
    "15": "repository_id",
    "16": "owner_url",
    "17": "repository_owner_id",
    "18": "workflow_url",
    "20": "event_name",
}


def github_claims(**changes):
    """What a push to main of acme/registry is told by GitHub; changes replace claims."""
    claims = {
        "sub": "repo:acme/registry:ref:refs/heads/main",
        "repository": "acme/registry",
        "workflow_path": ".github/workflows/gm-receipt.yml",
        "ref": "refs/heads/main",
        "sha": "1" * 40,
        "repository_id": "101",
        "repository_owner_id": "202",
        "event_name": "push",
        "runner_environment": "github-hosted",
        **changes,
    }
    home = f"https://github.com/{claims['repository']}"
    workflow = f"{home}/{claims['workflow_path']}@{claims['ref']}"
    urls = {"job_workflow_url": workflow, "workflow_url": workflow, "repository_url": home}
    return {**urls, "owner_url": home.rpartition("/")[0], "job_workflow_sha": claims["sha"], **claims}


class Loopback:
    """One Sigstore instance with keys of its own, and the claims that its token endpoint hands out."""

    def __init__(self):
        self.fulcio = Authority("fulcio", issues=True)
        self.tsa = Authority("tsa", issues=False)
        self.ct_key = ec.generate_private_key(ec.SECP256R1())
        self.oidc_key = ec.generate_private_key(ec.SECP256R1())
        self.logs = {1: LogV1(), 2: LogV2()}
        self.claims = github_claims()
        self.url = ""
        self.stamps = True  # a broken authority answers 500

    @property
    def identity(self):
        return self.claims.get("job_workflow_url") or self.claims["email"]

    def token(self, **changes):
        """An OIDC token with the claims of this instance."""
        base = {"iss": self.url, "aud": "sigstore", "iat": int(time.time()), "exp": int(time.time()) + 600}
        return jwt.encode({**base, **self.claims, **changes}, self.oidc_key, algorithm="ES256")

    def certify(self, request, token):
        """Fulcio: a certificate for the key of the request and the claims of the token."""
        claims = jwt.decode(token, self.oidc_key.public_key(), algorithms=["ES256"], audience="sigstore")
        key = x509.load_pem_x509_csr(base64.b64decode(request["certificateSigningRequest"])).public_key()
        builder = start("", "fulcio", key, self.fulcio.key, minutes=10)
        for stated, critical in self._extensions(claims):
            builder = builder.add_extension(stated, critical=critical)
        bare = builder.sign(self.fulcio.key, hashes.SHA256())
        stamped = builder.add_extension(self._sct(bare.tbs_certificate_bytes), critical=False)
        chain = [stamped.sign(self.fulcio.key, hashes.SHA256()), self.fulcio.certificate, self.fulcio.root]
        pems = [each.public_bytes(Encoding.PEM).decode() for each in chain]
        return {"signedCertificateEmbeddedSct": {"chain": {"certificates": pems}}}

    def _extensions(self, claims):
        uri = claims.get("job_workflow_url")
        name = x509.UniformResourceIdentifier(uri) if uri else x509.RFC822Name(claims["email"])
        yield key_usage(issues=False), True
        yield x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), False
        yield x509.SubjectAlternativeName([name]), True
        yield extension("1", claims["iss"].encode()), False
        yield extension("8", tlv(0x0C, claims["iss"].encode())), False
        for number, claim in CLAIMS.items():
            if claim in claims:
                yield extension(number, tlv(0x0C, claims[claim].encode())), False

    def _sct(self, tbs):
        """RFC 6962, section 3.2: signed over the certificate without this very extension."""
        stamp = int(time.time() * 1000)
        issuer = hashlib.sha256(spki(self.fulcio.key)).digest()
        entry = issuer + len(tbs).to_bytes(3, "big") + tbs
        signed = struct.pack("!BBQH", 0, 0, stamp, 1) + entry + struct.pack("!H", 0)
        signature = self.ct_key.sign(signed, ec.ECDSA(hashes.SHA256()))
        sct = struct.pack("!B32sQHBBH", 0, hashlib.sha256(spki(self.ct_key)).digest(), stamp, 0, 4, 3, len(signature))
        sct += signature
        listed = struct.pack("!HH", len(sct) + 2, len(sct)) + sct
        return x509.UnrecognizedExtension(SCT_LIST, octets(listed))

    def stamp(self, query):
        return respond(query, self.tsa.key, self.tsa.certificate, now())

    @property
    def root(self):
        """The trusted root of this instance, as JSON."""
        return {
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": [self._instance(log.public, log.details, log.key_id) for log in self.logs.values()],
            "certificateAuthorities": [{**self.fulcio.json, "uri": self.url}],
            "ctlogs": [self._instance(spki(self.ct_key), "PKIX_ECDSA_P256_SHA_256")],
            "timestampAuthorities": [{**self.tsa.json, "uri": f"{self.url}/tsa"}],
        }

    def _instance(self, public, details, key_id=None):
        key = {"rawBytes": b64(public), "keyDetails": details, "validFor": {"start": "2020-01-01T00:00:00Z"}}
        name = b64(key_id or hashlib.sha256(public).digest())
        return {"baseUrl": self.url, "hashAlgorithm": "SHA2_256", "publicKey": key, "logId": {"keyId": name}}

    def config(self, *, rekor=2, stampers=1):
        """A client's trust configuration, as JSON."""

        def service(version, path="", operator="loopback"):
            start = {"start": "2020-01-01T00:00:00Z"}
            return {
                "url": self.url + path,
                "majorApiVersion": version,
                "validFor": start,
                "operator": operator,
            }

        return {
            "mediaType": "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json",
            "trustedRoot": self.root,
            "signingConfig": {
                "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
                "caUrls": [service(1)],
                "oidcUrls": [service(1)],
                "rekorTlogUrls": [service(rekor)],
                "rekorTlogConfig": {"selector": "ANY"},
                "tsaUrls": [service(1, "/tsa", f"operator {number}") for number in range(stampers)],
                "tsaConfig": {"selector": "ALL"},
            },
        }

    @property
    def environment(self):
        """The variables of a GitHub Actions job that may ask for tokens."""
        return {
            "GITHUB_ACTIONS": "true",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": REQUEST_TOKEN,
            "ACTIONS_ID_TOKEN_REQUEST_URL": f"{self.url}/github-token",
        }

    @cached_property
    def handler(self):
        return type("Handler", (_Handler,), {"stack": self})


class _Handler(Quiet, BaseHTTPRequestHandler):
    stack: Loopback

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        path = urlsplit(self.path).path
        if path == "/tsa":
            self._send(self.stack.stamp(body) if self.stack.stamps else b"", 200 if self.stack.stamps else 500)
        elif path == "/api/v2/signingCert":
            try:
                answer = self.stack.certify(json.loads(body), self.headers["Authorization"].removeprefix("Bearer "))
            except jwt.InvalidTokenError:
                self._send(b"{}", 403)
                return
            self._send(json.dumps(answer).encode(), 201)
        else:
            version = int(path.removeprefix("/api/v")[0])
            self._send(json.dumps(self.stack.logs[version].entry(json.loads(body))).encode(), 201)

    def do_GET(self):
        asked = urlsplit(self.path)
        if asked.path == "/.well-known/openid-configuration":
            url = self.stack.url
            self._send(json.dumps({"authorization_endpoint": url, "token_endpoint": url}).encode(), 200)
            return
        allowed = self.headers.get("Authorization") == f"bearer {REQUEST_TOKEN}"
        if asked.path != "/github-token" or not allowed:
            self._send(b"{}", 403)
            return
        (audience,) = parse_qs(asked.query)["audience"]
        self._send(json.dumps({"value": self.stack.token(aud=audience)}).encode(), 200)

    def _send(self, body, status):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def loopback():
    """A running instance; its ``url`` is known inside."""
    stack = Loopback()
    with serving(ThreadingHTTPServer(("127.0.0.1", 0), stack.handler)) as port:
        stack.url = f"http://127.0.0.1:{port}"
        yield stack
