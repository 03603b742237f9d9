"""Signing without a key of one's own: a token of the place where gm runs, a certificate for minutes, a public log."""

import json
from base64 import urlsafe_b64decode
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitops_models.errors import GmError
from gitops_models.registry.text import visible
from gitops_models.registry.values import dataclass
from gitops_models.trust.keyless.roots import packaged

if TYPE_CHECKING:
    from sigstore.models import ClientTrustConfig
    from sigstore.oidc import IdentityToken

__all__ = ["KeylessSigner", "keyless_signer"]

_CLIENT = "sigstore"
_CONFIG = "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json"


@dataclass(frozen=True)
class KeylessSigner:
    """Signs in-toto statements at one Sigstore instance with one token."""

    config: "ClientTrustConfig"
    token: "IdentityToken"

    @property
    def identity(self) -> str:
        """Whom the token is for, as the issuer says; the certificate is what counts."""
        return self.token.identity

    @property
    def issuer(self) -> str:
        """Who vouches for the identity, as it will stand in the certificate."""
        return self.token.federated_issuer

    def claim(self, name: str) -> str | None:
        """What the token itself says under ``name``, unverified; None where it says nothing."""
        body = str(self.token).split(".")[1]
        said = json.loads(urlsafe_b64decode(body + "=" * (-len(body) % 4))).get(name)
        return said if isinstance(said, str) else None

    def keep_to(self, root: bytes, where: str) -> None:
        """Refuse an instance that the trusted root ``root`` of the file ``where`` does not name: GM-T716.

        The token goes to the certificate authority, which then knows all that it takes to sign as this run. So the
        addresses count that somebody accepted, not those of the configuration; its own trusted root lets nothing by
        that readers take, and the issuer of tokens that it names is not asked.
        """
        pinned, config = json.loads(root), self.config.signing_config
        logs = _named(pinned, "tlogs", "baseUrl")
        asked = {
            "certificateAuthorities": ({config.get_fulcio().url}, _named(pinned, "certificateAuthorities", "uri")),
            "tlogs": (
                {vars(log)["url"] for log in config.get_tlogs()},
                {f"{log}/api/{version}" for log in logs for version in ("v1", "v2")},
            ),
            "timestampAuthorities": (
                {authority.url for authority in config.get_tsas()},
                _named(pinned, "timestampAuthorities", "uri"),
            ),
        }
        for kind, (wanted, known) in asked.items():
            for url in sorted(wanted - known):
                raise GmError("GM-T716", f"no {kind} of the accepted trusted root is at {visible(url)}", where=where)

    def sign_statement(self, payload: bytes) -> bytes:
        """Return the bundle (JSON) around ``payload``; what was signed stands in a public log from then on.

        Raises GM-T706 (no statement, or a subject without a sha2 or sha3 digest) and GM-T712 (a service failed, or no
        timestamp came although the instance has an authority: sigstore only warns, and without one a bundle of
        Rekor v2 is worth nothing).
        """
        from sigstore import dsse  # noqa: PLC0415 - a second of imports
        from sigstore.errors import Error  # noqa: PLC0415 - as above
        from sigstore.sign import SigningContext  # noqa: PLC0415 - as above

        try:
            statement = dsse.Statement(payload)
        except Error as error:
            raise GmError("GM-T706", f"sigstore signs no such statement: {error}") from error
        try:
            with SigningContext.from_trust_config(self.config).signer(self.token) as signer:
                bundle = signer.sign_dsse(statement)
        except Exception as error:  # a remote service: whatever its client raises, nothing was signed
            raise GmError("GM-T712", f"Sigstore did not sign: {error or type(error).__name__}") from error
        if self.config.signing_config.get_tsas() and not bundle.verification_material.timestamp_verification_data:
            raise GmError("GM-T712", "the timestamp authority gave no timestamp")
        return bundle.to_json().encode()


def _named(root: dict[str, Any], kind: str, key: str) -> set[str]:
    return {one[key] for one in root.get(kind) or () if one.get(key)}


def keyless_signer(config: Path | None = None, *, staging: bool = False, token: str | None = None) -> KeylessSigner:
    """Return a signer for the token given, or for the one that the surroundings (a CI job) hand out.

    ``config`` is a Sigstore client trust configuration; without one the production (``staging``: the staging) instance
    as sigstore-python knows it. Raises GM-T708 (no usable configuration) and GM-T711 (no or a bad token).
    """
    from sigstore.models import ClientTrustConfig  # noqa: PLC0415 - a second of imports

    try:
        text = config.read_text(encoding="utf-8") if config else _packaged_config(staging=staging)
        loaded = ClientTrustConfig.from_json(text)
        loaded.signing_config.get_fulcio()
    except Exception as error:  # whatever the library says about a damaged configuration, it cannot be used
        where = str(config) if config else None
        raise GmError("GM-T708", f"the Sigstore configuration cannot be used: {error}", where=where) from error
    return KeylessSigner(loaded, _identity(token))


def _packaged_config(*, staging: bool) -> str:
    root, signing = (
        json.loads(packaged(name, staging=staging).read_text(encoding="utf-8"))
        for name in ("trusted_root.json", "signing_config.v0.2.json")
    )
    return json.dumps({"mediaType": _CONFIG, "trustedRoot": root, "signingConfig": signing})


def _identity(token: str | None) -> "IdentityToken":
    from sigstore.oidc import IdentityError, IdentityToken, detect_credential  # noqa: PLC0415 - a second of imports

    try:
        found = token or detect_credential(_CLIENT)
        if found:
            return IdentityToken(found, _CLIENT)
    except IdentityError as error:
        raise GmError("GM-T711", f"no usable identity token: {error}") from error
    raise GmError("GM-T711", "no identity token is at hand here")
