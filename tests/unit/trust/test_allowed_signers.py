import base64
from datetime import UTC, datetime, timedelta, timezone

import pytest

from gitops_models.errors import GmError
from gitops_models.trust.allowed_signers import AllowedSignersKeyring, parse_allowed_signers
from tests.support.keys import ed25519_key
from tests.support.signed import AT
from tests.support.sshcert import certified

KEY = ed25519_key("ann").public_key
CERTIFICATE = f"ssh-ed25519-cert-v01@openssh.com {base64.b64encode(certified().blob).decode()}"
PRINT = ed25519_key("ann").fingerprint


def parse(text, **options):
    return parse_allowed_signers(text, "signers", **options)


def standing(text, *, namespace="git", at=AT, principal=None):
    return AllowedSignersKeyring(parse(text), principal=principal).lookup(PRINT, namespace, at)


def test_a_plain_line_is_good_for_everything():
    (line,) = parse(f"ann@example.org {KEY} a comment\n")
    assert line.patterns == ("ann@example.org",)
    assert line.covers("git")
    assert standing(f"ann@example.org,ann {KEY}").principals == ("ann@example.org", "ann")


def test_comments_and_empty_lines_are_passed_over():
    assert parse(f"# people\n\n   \n  ann {KEY}\n")[0].patterns == ("ann",)


def test_quoted_principals_may_hold_spaces():
    assert parse(f'"ann of accounts,bob" {KEY}')[0].patterns == ("ann of accounts", "bob")


def test_an_unknown_key_is_untrusted():
    assert standing(f"bob {ed25519_key('bob').public_key}").code == "GM-T002"


def test_a_keyring_can_be_limited_to_one_principal():
    lines = f"ann@*,!ann@evil.org {KEY}\n"
    assert standing(lines, principal="ann@example.org").verdict == "good"
    assert standing(lines, principal="ann@evil.org").code == "GM-T002"
    assert standing(lines, principal="bob@example.org").code == "GM-T002"


def test_brackets_in_a_pattern_mean_themselves():
    (line,) = parse(f"ann[ab]? {KEY}")
    assert line.names("ann[ab]x")
    assert not line.names("annax")


def test_a_key_is_limited_to_its_namespaces():
    lines = f'ann namespaces="git,gm-*" {KEY}'
    assert standing(lines).verdict == "good"
    assert standing(lines, namespace="gm-approval@v1").verdict == "good"
    found = standing(lines, namespace="file")
    assert (found.verdict, found.code) == ("untrusted", "GM-T007")


def test_dates_bound_a_key():
    lines = 'ann valid-after="20200101",valid-before="203001010000" ' + KEY
    assert standing(lines, at=datetime(2025, 1, 1, tzinfo=UTC)).verdict == "good"
    for at in (datetime(2019, 1, 1, tzinfo=UTC), datetime(2031, 1, 1, tzinfo=UTC), None):
        assert standing(lines, at=at).verdict == "expired"
        assert standing(lines, at=at).code == "GM-T004"
    assert standing(f"ann {KEY}", at=None).verdict == "good"


def test_a_date_is_in_the_given_zone_unless_it_ends_in_z():
    east = timezone(timedelta(hours=5))
    (local,) = parse(f'ann valid-after="20200101000000" {KEY}', zone=east)
    (utc,) = parse(f'ann VALID-AFTER="20200101000000Z" {KEY}', zone=east)
    assert utc.valid_after - local.valid_after == timedelta(hours=5)


@pytest.mark.parametrize("zone", ["Z", "z", "UTC", "utc"])
def test_utc_is_written_in_several_ways(zone):
    east = timezone(timedelta(hours=5))
    (line,) = parse(f'ann valid-after="20200101{zone}" {KEY}', zone=east)
    assert line.valid_after == datetime(2020, 1, 1, tzinfo=UTC)


def test_a_quote_inside_a_value_is_escaped():
    (line,) = parse(f'ann namespaces="a\\"b,git" {KEY}')
    assert line.namespaces == ('a"b', "git")


@pytest.mark.parametrize("principals", ["!ann", "!*", "!ann,ann", "*,!*"])
def test_a_list_of_negations_names_nobody(principals):
    assert standing(f"{principals} {KEY}").code == "GM-T002"


def test_the_key_of_an_authority_does_not_sign_for_itself():
    assert standing(f"ann cert-authority {KEY}").code == "GM-T002"


@pytest.mark.parametrize(
    "line",
    [
        "ann",
        f'"" {KEY}',
        f", {KEY}",
        f'"ann {KEY}',
        "ann ssh-ed25519",
        "ann ssh-ed25519 AAAA",
        "ann nothing",
        f'ann cert-authority="yes" {KEY}',
        f"ann cert-authority, {KEY}",
        f'ann namespaces="a\\" {KEY}',
        f'ann valid-after="19691231Z" {KEY}',
        f'ann valid-after="20200101ZZ" {KEY}',
        f"ann {CERTIFICATE}",
        f'ann touch-required="yes" {KEY}',
        f"ann namespaces {KEY}",
        f'ann namespaces="a",namespaces="b" {KEY}',
        f'ann namespaces="a"x {KEY}',
        f'ann valid-after="2020" {KEY}',
        f'ann valid-after="2020010a" {KEY}',
        f'ann valid-after="20201301" {KEY}',
        f'ann valid-after="20210101",valid-before="20200101" {KEY}',
    ],
)
def test_a_bad_line_is_an_error_with_its_number(line):
    with pytest.raises(GmError, match="line 2") as caught:
        parse(f"bob {ed25519_key('bob').public_key}\n{line}\n")
    assert (caught.value.code, caught.value.where) == ("GM-T300", "signers")
