"""Certificate authorities for tests: a root, one certificate below it, and what a leaf is built from."""

import datetime as dt

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.support.translog import b64

FULCIO = "1.3.6.1.4.1.57264.1."


def now():
    return dt.datetime.now(dt.UTC).replace(microsecond=0)


class Authority:
    """A certificate authority of two: a root, and a certificate below it that signs or issues."""

    def __init__(self, name, *, issues):
        self.root_key = ec.generate_private_key(ec.SECP256R1())
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.root = self._certificate(f"{name} root", self.root_key, f"{name} root", issues=True)
        self.certificate = self._certificate(name, self.key, f"{name} root", issues=issues)

    def _certificate(self, name, key, issuer, *, issues):
        builder = start(name, issuer, key, self.root_key, days=3650)
        builder = builder.add_extension(x509.BasicConstraints(ca=issues, path_length=None), critical=True)
        builder = builder.add_extension(key_usage(issues=issues), critical=True)
        if not issues:
            stamping = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
            builder = builder.add_extension(stamping, critical=True)
        return builder.sign(self.root_key, hashes.SHA256())

    @property
    def json(self):
        chain = [{"rawBytes": b64(each.public_bytes(Encoding.DER))} for each in (self.certificate, self.root)]
        return {
            "subject": {"organization": "loopback", "commonName": "loopback"},
            "certChain": {"certificates": chain},
            "validFor": {"start": "2020-01-01T00:00:00Z"},
        }


def start(name, issuer, key, issuer_key, *, days=0, minutes=0):
    """A builder with names, dates (one second back: timestamps have whole seconds) and key identifiers."""
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)] if name else []))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key if isinstance(key, ec.EllipticCurvePublicKey) else key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now() - dt.timedelta(seconds=1))
        .not_valid_after(now() + dt.timedelta(days=days, minutes=minutes))
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
        .add_extension(
            x509.SubjectKeyIdentifier.from_public_key(
                key if isinstance(key, ec.EllipticCurvePublicKey) else key.public_key()
            ),
            critical=False,
        )
    )


def key_usage(*, issues):
    return x509.KeyUsage(
        digital_signature=not issues,
        key_cert_sign=issues,
        crl_sign=issues,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def extension(number, value):
    return x509.UnrecognizedExtension(x509.ObjectIdentifier(FULCIO + number), value)


def spki(key):
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
