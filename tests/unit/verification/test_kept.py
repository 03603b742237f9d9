"""What is kept of verdicts on bundles: what cannot turn out otherwise, with the person who runs gm."""

import pytest

from gitops_models.errors import GmError
from gitops_models.trust.keyless.bundle import _hold
from gitops_models.trust.verdicts import PASSING
from gitops_models.verification.kept import verdict
from tests.support import stories


@pytest.fixture
def store(tmp_path):
    return stories.registry(tmp_path / "r").store


def asked(store, *answers):
    """What each of several questions gave, and how many of ``answers`` were used for that."""
    left = list(answers)

    def check():
        if code := left.pop(0):
            raise GmError(code, "because")

    return [verdict(store, {"what": "test"}, check) for _ in answers], len(answers) - len(left)


def files(home):
    return list((home / ".cache" / "gitops-models" / "keyless").glob("*"))


@pytest.mark.parametrize("code", [None, "GM-T702", "GM-T710"])
def test_what_is_certain_is_asked_once_and_kept_with_the_person(home, store, code):
    said = None if code is None else (code, "because")
    assert asked(store, code, None) == ([said, said], 1)
    assert (len(files(home)), (store.common_dir / "gm" / "keyless").exists()) == (1, False)


@pytest.mark.parametrize("code", sorted(PASSING))
def test_trouble_that_passes_is_not_kept(home, store, code):
    assert asked(store, code, None) == ([(code, "because"), None], 2)
    assert len(files(home)) == 1


@pytest.mark.parametrize("trouble", [OSError(24, "Too many open files"), MemoryError()], ids=["files", "memory"])
def test_trouble_of_the_machine_is_no_word_on_the_bundle(trouble):
    def verify():
        raise trouble

    with pytest.raises(GmError) as refusal:
        _hold(verify)
    assert refusal.value.code == "GM-T708"
    assert refusal.value.code in PASSING
