"""Who may write into a target directory: one writer at a time, of one repository, and only what is ours."""

import threading

import pytest

from gitops_models.delivery.targets.directory import DirectoryTarget
from gitops_models.delivery.values import ModelStage
from gitops_models.errors import GmError
from tests.support.delivery import deployment, desired, settle

AT = ModelStage("fraud", "production")
ONE = deployment("1.0.0")


@pytest.fixture
def target(tmp_path):
    return DirectoryTarget(tmp_path / "srv", lock_wait=0.2)


def test_a_directory_that_cannot_be_made_is_an_external_error(tmp_path):
    (tmp_path / "srv").write_bytes(b"")
    with pytest.raises(GmError) as error:
        settle(DirectoryTarget(tmp_path / "srv"), desired(ONE))
    assert error.value.code == "GM-R302"


def test_a_second_writer_waits_briefly_and_is_refused(target):
    with target.exclusive(), pytest.raises(GmError) as error, DirectoryTarget(target.root, lock_wait=0.1).exclusive():
        pass
    assert error.value.code == "GM-R101"


def test_a_second_writer_that_waits_long_enough_gets_its_turn(target):
    holds, entered = threading.Event(), threading.Event()

    def second():
        holds.wait(10)
        with DirectoryTarget(target.root, lock_wait=10).exclusive():
            entered.set()

    thread = threading.Thread(target=second)
    thread.start()
    with target.exclusive():
        holds.set()
        assert not entered.is_set()
    thread.join(10)
    assert entered.is_set()


def test_a_directory_of_another_repository_is_not_touched(target):
    with target.exclusive():
        target.claim("registry-a")
        target.claim("registry-a")
        with pytest.raises(GmError) as error:
            target.claim("registry-b", dry_run=True)
    assert error.value.code == "GM-R105"


def test_other_tools_directories_are_not_occupied(target):
    (target.root / "website" / "releases").mkdir(parents=True)
    (target.root / "website" / "releases" / "current").symlink_to("../42")
    settle(target, desired(ONE))
    assert target.occupied() == (AT,)
