"""Where trust in Sigstore begins: a file, or what came with sigstore-python."""

import pytest

from gitops_models.errors import GmError
from gitops_models.trust.keyless import roots
from gitops_models.trust.keyless.roots import load_verifier, packaged, verifier_of

pytestmark = pytest.mark.usefixtures("socket_disabled")


def test_the_roots_that_sigstore_carries_are_used_without_network_and_without_the_cache_at_home(home):
    assert load_verifier() is not None
    assert load_verifier(staging=True) is not None
    assert not list(home.rglob("trusted_root.json"))


def test_a_root_and_the_staging_root_at_once_are_a_usage_error(tmp_path):
    with pytest.raises(GmError) as refusal:
        load_verifier(tmp_path / "root.json", staging=True)
    assert (refusal.value.code, refusal.value.exit_status) == ("GM-T709", 2)


@pytest.mark.parametrize("text", ["", "{}", '{"mediaType": "x"}', "[1]"])
def test_a_damaged_root_is_refused(tmp_path, text):
    path = tmp_path / "root.json"
    path.write_text(text)
    with pytest.raises(GmError) as refusal:
        load_verifier(path)
    assert refusal.value.code == "GM-T708"
    assert refusal.value.where == str(path)


def test_no_root_is_none_and_trouble_with_one_passes(monkeypatch):
    def broken(**_):
        raise OSError(24, "Too many open files")

    root = packaged("trusted_root.json", staging=True).read_bytes()
    verifier_of.cache_clear()
    with monkeypatch.context() as patched:
        patched.setattr(roots, "TemporaryDirectory", broken)
        for given in (None, root):
            with pytest.raises(GmError) as refusal:
                verifier_of(given, "policies/root.json")
            assert refusal.value.code == "GM-T708"
    assert verifier_of(root, "policies/root.json") is verifier_of(root, "policies/root.json")
