import pytest

from gitops_models.trust.keyrings import PeopleKeyring
from gitops_models.trust.keys import load_key
from gitops_models.trust.problem import SignatureProblem
from gitops_models.trust.verify import Trusted, verify_commit
from gitops_models.trust.wire import Reader, string
from tests.support.keys import hardware_key
from tests.support.signed import commit_bytes, people, person, sign_commit, signed_commit

KINDS = ["ed25519", "ecdsa"]


def team(*signers):
    return people(people=[person("ann", keys=[{"type": "ssh", "key": signer.public_key} for signer in signers])])


def problem_of(signer, field, data=b"data"):
    with pytest.raises(SignatureProblem) as caught:
        load_key(signer.blob).check(data, field)
    return caught.value.code


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("flags", "touch", "pin"), [(0, False, False), (1, True, False), (5, True, True), (4, False, True)]
)
def test_a_hardware_key_says_who_was_there(kind, flags, touch, pin):
    signer = hardware_key("ann", kind, flags=flags)
    found = verify_commit(sign_commit(commit_bytes("ann"), signer), team(signer)).signature
    assert (found.verdict, found.scheme, found.touch, found.pin) == ("good", "ssh", touch, pin)


def test_other_keys_say_nothing_about_a_touch():
    found = verify_commit(signed_commit("ann"), people("ann")).signature
    assert (found.touch, found.pin) == (None, None)


@pytest.mark.parametrize("kind", KINDS)
def test_flags_counter_and_application_are_signed(kind):
    signer = hardware_key("ann", kind)
    field = signer.field(b"data")
    assert load_key(signer.blob).check(b"data", field).touch
    assert problem_of(signer, field[:-5] + b"\x05" + field[-4:]) == "GM-T003"
    assert problem_of(signer, field[:-1] + b"\x08") == "GM-T003"
    assert problem_of(signer, field, b"Data") == "GM-T003"
    assert problem_of(hardware_key("ann", kind, application=b"ssh:other"), field) == "GM-T003"


@pytest.mark.parametrize("kind", KINDS)
def test_a_hardware_signature_of_another_form_is_malformed(kind):
    signer = hardware_key("ann", kind)
    field = signer.field(b"data")
    assert problem_of(signer, field[:-1]) == "GM-T015"
    assert problem_of(signer, field + b"x") == "GM-T015"
    reader = Reader(field, "signature")
    reader.string()
    rest = field[reader.at :]
    assert problem_of(signer, string(b"webauthn-" + signer.kind) + rest) == "GM-T023"
    assert problem_of(signer, string(b"ssh-ed25519") + rest) == "GM-T023"


def test_the_plain_key_inside_is_another_key():
    signer = hardware_key("ann")
    raw = sign_commit(commit_bytes("ann"), signer)
    assert verify_commit(raw, team(signer.inner)).signature.code == "GM-T002"
    assert verify_commit(sign_commit(commit_bytes("ann"), signer.inner), team(signer)).signature.code == "GM-T002"


def test_where_a_touch_is_required_its_absence_is_refused():
    keys = [hardware_key("ann"), hardware_key("ann", flags=4), hardware_key("ann").inner]
    trusted = Trusted(PeopleKeyring(team(keys[0], keys[2])), touch=True)
    found = [verify_commit(sign_commit(commit_bytes("ann"), key), trusted).signature for key in keys]
    assert [(one.verdict, one.code) for one in found] == [
        ("good", None),
        ("untrusted", "GM-T021"),
        ("untrusted", "GM-T021"),
    ]
