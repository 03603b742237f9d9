import base64
import json

import pytest

from gitops_models.errors import GmError
from gitops_models.trust.keyless.claims import SignedBy
from gitops_models.trust.keyless.glance import require_named

ANN = SignedBy("ann@example.org", "https://accounts.example.org")
NAMED = b"...ann@example.org...https://accounts.example.org..."


def bundle(certificate, form="certificate"):
    raw = {"rawBytes": base64.b64encode(certificate).decode()}
    chain = {"x509CertificateChain": {"certificates": [raw, {}]}}
    return json.dumps({"verificationMaterial": {"certificate": raw} if form == "certificate" else chain}).encode()


@pytest.mark.parametrize("form", ["certificate", "chain"])
def test_whoever_stands_in_the_certificate_may_have_signed(form):
    require_named(bundle(NAMED, form), ANN)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (bundle(b"https://accounts.example.org bob@example.org"), "GM-T703"),
        (bundle(b"ann@example.org https://issuer.example"), "GM-T704"),
        (bundle(b"", "chain"), "GM-T704"),
        (b'{"verificationMaterial": {"certificate": {"rawBytes": "!"}}}', "GM-T700"),
        (b'{"verificationMaterial": {"certificate": {"rawBytes": 1}}}', "GM-T700"),
        (b'{"verificationMaterial": {"x509CertificateChain": {"certificates": []}}}', "GM-T700"),
        (b'{"verificationMaterial": null, "ann@example.org": "https://accounts.example.org"}', "GM-T700"),
        (b"{}", "GM-T700"),
        (b"not json", "GM-T700"),
        (bundle(NAMED * 30_000), "GM-T700"),
    ],
    ids=range(10),
)
def test_whom_it_does_not_name_did_not_sign(data, code):
    with pytest.raises(GmError) as caught:
        require_named(data, ANN)
    assert caught.value.code == code
