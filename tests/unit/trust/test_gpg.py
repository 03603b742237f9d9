import os
import shutil
import subprocess
from dataclasses import replace

import pytest

from gitops_models.errors import GmError
from gitops_models.trust import gpg
from gitops_models.trust.gpg import gpg_keys, open_keys
from gitops_models.trust.gpgkeys import GpgKey, read_listing
from gitops_models.trust.gpgstatus import Found, read_status
from gitops_models.trust.payload import commit_payload
from gitops_models.trust.verify import Trusted, verify_commit, verify_many, verify_tag
from tests.support.gpg import PAST, gpg_home
from tests.support.signed import commit_bytes, put_signature, signed_commit, tag_bytes


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    home = gpg_home(tmp_path_factory.mktemp("gpg") / "home")
    yield home
    home.stop()


@pytest.fixture(scope="module")
def ann(keys):
    return keys.make("ann")


def answer(raw, *files):
    with gpg_keys(*files) as given:
        found = verify_commit(raw, Trusted(gpg=given))
    return found.signature.verdict, found.signature.code


def test_a_commit_by_a_given_key_is_good_and_names_its_primary_key(keys, ann):
    subkey = keys.add_subkey(ann)
    with gpg_keys(keys.export(ann)) as given:
        for signing in (ann, subkey):
            found = verify_commit(keys.commit("ann", signing), Trusted(gpg=given))
            assert (found.signature.verdict, found.signature.scheme) == ("good", "gpg")
            assert (found.signature.fingerprint, found.principals) == (ann, ("ann@example.org",))
            assert found.email_ok
            assert found.until is None


def test_a_tag_by_a_given_key_is_good(keys, ann):
    raw = tag_bytes()
    with gpg_keys(keys.export(ann)) as given:
        found = verify_tag(raw + keys.sign(raw, ann).encode(), "fraud@v1.0.0", Trusted(gpg=given))
    assert found.signature.good


def test_a_signature_with_a_users_own_words_around_it_is_still_read(keys, ann):
    raw = keys.commit("ann", ann, "--comment", "on my machine", "--emit-version")
    assert b"Comment: on my machine" in raw
    assert answer(raw, keys.export(ann)) == ("good", None)


def test_a_part_that_the_key_is_not_known_to_have_does_not_count(keys, ann):
    raw = keys.commit("ann", ann)
    with gpg_keys(keys.export(ann)) as given:
        other = replace(given, keys={ann: GpgKey(ann, {"0" * 40: None})})
        assert verify_commit(raw, Trusted(gpg=other)).signature.code == "GM-T002"


def test_a_key_that_was_not_given_is_untrusted(keys, ann):
    bob = keys.make("bob")
    assert answer(keys.commit("bob", bob), keys.export(ann)) == ("untrusted", "GM-T002")


def test_without_keys_a_gpg_signature_is_untrusted(keys, ann):
    raw = keys.commit("ann", ann)
    found = verify_commit(raw, Trusted()).signature
    assert (found.verdict, found.code, found.scheme) == ("untrusted", "GM-T036", "gpg")


def test_a_key_speaks_for_its_own_addresses_only(keys, ann):
    raw = keys.commit("ann", ann, email="bob@example.org")
    assert answer(raw, keys.export(ann)) == ("untrusted", "GM-T041")
    assert answer(keys.commit("ann", ann, email="Ann@Example.ORG"), keys.export(ann)) == ("good", None)


def test_a_changed_commit_is_bad(keys, ann):
    raw = keys.commit("ann", ann).replace(b"Add a", b"Bad a")
    assert answer(raw, keys.export(ann)) == ("bad", "GM-T003")


def test_an_expired_key_is_expired_though_it_signed_in_time(keys):
    fingerprint = keys.make("old", expires="1y", clock=PAST)
    raw = keys.commit("old", fingerprint, clock=PAST)
    assert answer(raw, keys.export(fingerprint)) == ("expired", "GM-T004")


def test_an_expired_subkey_is_expired(keys):
    fingerprint = keys.make("sub", clock=PAST)
    subkey = keys.add_subkey(fingerprint, expires="1y", clock=PAST)
    raw = keys.commit("sub", subkey, clock=PAST)
    assert answer(raw, keys.export(fingerprint)) == ("expired", "GM-T004")
    assert answer(keys.commit("sub", fingerprint), keys.export(fingerprint)) == ("good", None)


def test_an_expired_signature_is_expired(keys):
    fingerprint = keys.make("brief", clock=PAST)
    raw = keys.commit("brief", fingerprint, "--default-sig-expire", "1d", clock=PAST)
    assert answer(raw, keys.export(fingerprint)) == ("expired", "GM-T004")


def test_a_good_verdict_says_how_long_it_holds(keys):
    fingerprint = keys.make("brief2", expires="2y")
    with gpg_keys(keys.export(fingerprint)) as given:
        plain = verify_commit(keys.commit("brief2", fingerprint), Trusted(gpg=given))
        short = verify_commit(keys.commit("brief2", fingerprint, "--default-sig-expire", "1d"), Trusted(gpg=given))
    assert plain.signature.good
    assert short.signature.good
    assert short.until < plain.until


def test_a_revoked_key_is_revoked(keys):
    fingerprint = keys.make("gone")
    raw = keys.commit("gone", fingerprint)
    keys.revoke(fingerprint)
    assert answer(raw, keys.export(fingerprint)) == ("revoked", "GM-T005")


def test_a_key_that_is_both_expired_and_revoked_is_revoked(keys):
    fingerprint = keys.make("both", expires="1y", clock=PAST)
    subkey = keys.add_subkey(fingerprint, clock=PAST)
    raws = [keys.commit("both", one, clock=PAST) for one in (fingerprint, subkey)]
    keys.revoke(fingerprint)
    assert [answer(raw, keys.export(fingerprint)) for raw in raws] == [("revoked", "GM-T005")] * 2


def test_a_part_that_is_not_for_signing_does_not_count(keys, ann):
    raw = keys.commit("ann", ann)
    with gpg_keys(keys.export(ann)) as given:
        idle = replace(given, keys={ann: replace(given.keys[ann], idle=frozenset({ann}))})
        found = verify_commit(raw, Trusted(gpg=idle)).signature
    assert (found.verdict, found.code, found.fingerprint) == ("untrusted", "GM-T043", ann)


def test_a_user_id_cannot_write_lines_of_the_listing(keys):
    """Line breaks of Unicode that gpg does not escape must not make a part, an address or a revocation."""
    user = "Eve\u2028fpr:::::::::" + "F" * 40 + ":\x85uid:-::::1::X::Ann <ann@example.org>:\u2028<eve@example.org>"
    keys.run("--quick-generate-key", user, "ed25519", "sign", "never")
    with gpg_keys(keys.export("eve@example.org")) as given:
        (key,) = given.keys.values()
    assert (len(key.parts), key.emails) == (1, {"eve@example.org"})


def test_only_what_gpg_dies_over_stays_without_a_verdict(keys, ann, monkeypatch, tmp_path):
    """A gpg that ends at one object of many: those before and after it are judged all the same."""
    raws = [keys.commit("ann", ann, message=f"{number}\n") for number in range(5)]
    real, fake = shutil.which("gpg"), tmp_path / "gpg"
    # Stands for a gpg that crashes over the third message, wherever in the row it comes.
    fake.write_text(
        '#!/bin/sh\nwanted=; for word; do if [ -f "$word" ] && grep -q \'^2$\' "$word"; then break; fi; '
        f'wanted="$wanted $word"; done\nexec {real} $wanted\n'
    )
    fake.chmod(0o755)
    with gpg_keys(keys.export(ann)) as given:
        monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
        found = verify_many([(raw, commit_payload) for raw in raws], Trusted(gpg=given))
    assert [one.signature.code for one in found] == [None, None, "GM-T042", None, None]


def hanging(path, monkeypatch, *, at_last):
    """Stands for a gpg that hangs over the message 2, and unless ``at_last`` over whatever comes with others."""
    real, fake = shutil.which("gpg"), path / "gpg"
    many = "" if at_last else 'case "$*" in *"--verify-files 0 1"*) exec sleep 600;; esac; '
    fake.write_text(
        f'#!/bin/sh\n{many}wanted=; for word; do if [ -f "$word" ] && grep -q "^2$" "$word"; then '
        f'{real} $wanted; exec sleep 600; fi; wanted="$wanted $word"; done\nexec {real} $wanted\n'
    )
    fake.chmod(0o755)
    monkeypatch.setattr(gpg, "_SECONDS", 2.0)
    monkeypatch.setenv("PATH", f"{path}{os.pathsep}{os.environ['PATH']}")


@pytest.mark.parametrize("at_last", [True, False])
def test_only_what_gpg_hangs_over_by_itself_stays_without_a_verdict(keys, ann, monkeypatch, tmp_path, at_last):
    """What was said before is kept, and what only came together with it is asked again."""
    raws = [keys.commit("ann", ann, message=f"{number}\n") for number in range(4)]
    with gpg_keys(keys.export(ann)) as given:
        hanging(tmp_path, monkeypatch, at_last=at_last)
        found = verify_many([(raw, commit_payload) for raw in raws], Trusted(gpg=given))
    assert [one.signature.code for one in found] == [None, None, "GM-T042", None]


def test_a_gpg_that_ends_only_after_its_last_word_costs_nothing(keys, ann, monkeypatch, tmp_path):
    raws = [keys.commit("ann", ann, message=f"{number}\n") for number in range(3)]
    fake = tmp_path / "gpg"
    with gpg_keys(keys.export(ann)) as given:
        fake.write_text(f'#!/bin/sh\n{shutil.which("gpg")} "$@"\nexec sleep 600\n')
        fake.chmod(0o755)
        monkeypatch.setattr(gpg, "_SECONDS", 2.0)
        monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
        found = verify_many([(raw, commit_payload) for raw in raws], Trusted(gpg=given))
    assert [one.signature.verdict for one in found] == ["good"] * 3


def test_keys_that_gpg_gives_up_at_leave_the_others_alone(keys, ann, tmp_path):
    whole = keys.run("--export", ann)
    bad = whole + bytes([0xCE, 0])  # a subkey packet with nothing in it
    given = open_keys(tmp_path, [bad, keys.run("--export", keys.make("zoe"))])
    assert [key.emails for key in given.keys.values()] == [{"zoe@example.org"}]
    assert [path for path in tmp_path.iterdir() if path.name.startswith("tmp")] == []


def test_a_second_signature_in_the_armor_is_refused(keys, ann):
    raw = commit_bytes("ann")
    signatures = [keys.sign(raw, ann), keys.sign(raw, ann)]
    packets = b"".join(gpg.signature_packet(one.encode()) for one in signatures)
    armored = keys.run("--enarmor", stdin=packets).decode().replace("ARMORED FILE", "SIGNATURE")
    armored = "\n".join(line for line in armored.split("\n") if not line.startswith("Comment"))
    assert answer(put_signature(raw, armored), keys.export(ann)) == ("malformed", "GM-T031")


def test_many_are_checked_in_one_go_and_keep_their_order(keys, ann, monkeypatch):
    monkeypatch.setattr(gpg, "_AT_ONCE", 2)
    raws = [
        keys.commit("ann", ann),
        signed_commit("ann"),
        keys.commit("ann", ann).replace(b"Add", b"Bad"),
        put_signature(commit_bytes("ann"), "-----BEGIN PGP SIGNATURE-----"),
        keys.commit("ann", ann, message="another\n"),
    ]
    with gpg_keys(keys.export(ann)) as given:
        found = verify_many([(raw, commit_payload) for raw in raws], Trusted(gpg=given))
    assert [one.signature.code for one in found] == [None, "GM-T036", "GM-T003", "GM-T010", None]


def test_the_home_and_its_files_are_gone_afterwards(keys, ann):
    with gpg_keys(keys.export(ann)) as given:
        assert (given.home.stat().st_mode & 0o777) == 0o700
        verify_commit(keys.commit("ann", ann), Trusted(gpg=given))
        running = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
        assert str(given.home) not in running
    assert not given.home.exists()


def test_a_persons_own_settings_steer_nothing(keys, ann, monkeypatch, tmp_path):
    evil = tmp_path / "evil"
    evil.mkdir(mode=0o700)
    (evil / "gpg.conf").write_text("status-file /dev/null\nthis is no option\n")
    monkeypatch.setenv("GNUPGHOME", str(evil))
    assert answer(keys.commit("ann", ann), keys.export(ann)) == ("good", None)


@pytest.mark.parametrize("data", [b"", b"no keys\n"])
def test_a_file_without_keys_is_an_error(data):
    with pytest.raises(GmError) as caught, gpg_keys(data):
        pass
    assert caught.value.code == "GM-T301"


def test_private_keys_are_not_taken(keys, ann):
    with pytest.raises(GmError) as caught, gpg_keys(keys.run("--armor", "--export-secret-keys", ann)):
        pass
    assert caught.value.code == "GM-T301"


def test_a_machine_without_gpg_says_so(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(GmError) as caught, gpg_keys(b"x"):
        pass
    assert caught.value.code == "GM-T302"


def test_a_gpg_that_dies_over_an_object_ends_no_walk(keys, ann, monkeypatch):
    raw = keys.commit("ann", ann)
    with gpg_keys(keys.export(ann)) as given:
        monkeypatch.setenv("PATH", os.devnull)
        found = verify_commit(raw, Trusted(gpg=given)).signature
    assert (found.verdict, found.code) == ("untrusted", "GM-T042")


def status(*lines):
    text = ["[GNUPG:] FILE_START 1 0", *(f"[GNUPG:] {line}" for line in lines), "[GNUPG:] FILE_DONE", ""]
    return read_status("\n".join(text).encode())["0"]


VALID = "VALIDSIG " + "A" * 40 + " 2026-11-21 1795287166 0 4 0 22 10 00 " + "B" * 40


@pytest.mark.parametrize(
    "lines",
    [
        [],
        ["NEWSIG"],
        [VALID],
        ["GOODSIG x y"],
        ["GOODSIG x y", "GOODSIG x y", VALID],
        ["GOODSIG x y", VALID, VALID],
        ["GOODSIG x y", "VALIDSIG too short"],
        ["GOODSIG x y", "BADSIG x y", VALID],
        ["ERRSIG x 99 10 00 1795287166 4"],
        ["ERRSIG"],
    ],
)
def test_a_status_that_is_not_clear_is_no_verdict(lines):
    assert status(*lines).problem.code == "GM-T042"


def test_the_status_of_a_good_signature_names_both_fingerprints():
    assert status("NEWSIG", "GOODSIG x y", VALID) == Found(None, None, "A" * 40, "B" * 40, None)


def test_lines_that_are_no_status_are_passed_over():
    assert read_status(b"hello\n[GNUPG:] PLAINTEXT 62 0\n") == {}


def test_a_listing_gives_users_addresses_and_expiries():
    listing = b"\n".join(
        [
            b"tru::1:1795297478:0:3:1:5",
            b"fpr:::::::::" + b"0" * 40 + b":",
            b"pub:-:255:22:X:1:2000::-:::sc:::::ed25519:::0:",
            b"fpr:::::::::" + b"A" * 40 + b":",
            b"uid:-::::1::X::Ann \\x3a B <Ann@Example.org>::::::::::0:",
            b"uid:r::::1::X::Gone <gone@example.org>::::::::::0:",
            b"uid:-::::1::X::bare@example.org::::::::::0:",
            b"uid:-::::1::X::no address::::::::::0:",
            b"sub:-:255:22:X:1:500:::::s:::::ed25519::",
            b"fpr:::::::::" + b"B" * 40 + b":",
            b"sub:r:255:18:X:1::::::e:::::cv25519::",
            b"fpr:::::::::" + b"C" * 40 + b":",
            b"pub:-:255:22:X:1:::-:::sc:::::ed25519:::0:",
        ]
    )
    users = ("Ann : B <Ann@Example.org>", "bare@example.org", "no address")
    parts = {"A" * 40: 2000, "B" * 40: None, "C" * 40: None}
    key = GpgKey("A" * 40, parts, users, revoked=frozenset({"C" * 40}), idle=frozenset({"C" * 40}))
    assert read_listing(listing, 1000.0) == {"A" * 40: key}
    assert key.emails == {"ann@example.org", "bare@example.org"}
    assert (key.until("B" * 40, 1500), key.until("B" * 40, None)) == (1500, 2000)
