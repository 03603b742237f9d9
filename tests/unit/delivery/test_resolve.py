import subprocess
import sys

import pytest

from gitops_models.delivery.resolve import resolve
from gitops_models.errors import GmError


@pytest.fixture
def place(tmp_path):
    place = tmp_path / "srv" / "fraud" / "production"
    (place / "store" / "aa").mkdir(parents=True)
    (place / "current").symlink_to("store/aa")
    return place


@pytest.mark.parametrize("suffix", ["", "current"])
def test_the_place_and_its_link_both_lead_to_the_live_directory(place, suffix):
    assert resolve(place / suffix) == (place / "store" / "aa").resolve()
    assert resolve(str(place / suffix)).is_absolute()


def test_a_relative_place_and_a_linked_root_come_back_real(place, tmp_path, monkeypatch):
    monkeypatch.chdir(place)
    assert resolve(".") == (place / "store" / "aa").resolve()
    (tmp_path / "link").symlink_to(tmp_path / "srv")
    assert resolve(tmp_path / "link" / "fraud" / "production") == (place / "store" / "aa").resolve()


def test_nothing_live_is_not_found(tmp_path):
    with pytest.raises(GmError) as error:
        resolve(tmp_path)
    assert (error.value.code, error.value.exit_status) == ("GM-R401", 6)


@pytest.mark.parametrize(
    "elsewhere", ["/etc", "../../x", "store/../..", "store", "store/.hidden", "store/a/b", "store/bb"]
)
def test_a_link_that_leads_anywhere_else_is_refused(place, elsewhere):
    (place / "current").unlink()
    (place / "current").symlink_to(elsewhere)
    with pytest.raises(GmError) as error:
        resolve(place)
    assert (error.value.code, error.value.exit_status) == ("GM-R402", 5)


def test_a_directory_in_place_of_the_link_is_refused(place):
    (place / "current").unlink()
    (place / "current").mkdir()
    with pytest.raises(GmError) as error:
        resolve(place)
    assert error.value.code == "GM-R402"


def test_an_entry_that_is_itself_a_link_is_refused(place, tmp_path):
    (place / "store" / "bb").symlink_to(tmp_path)
    (place / "current").unlink()
    (place / "current").symlink_to("store/bb")
    with pytest.raises(GmError) as error:
        resolve(place)
    assert error.value.code == "GM-R402"


def test_reading_needs_nothing_but_the_standard_library():
    code = (
        "import sys; from gitops_models.delivery.resolve import resolve; "
        "print(sorted({'pydantic', 'pygit2', 'git', 'dvc', 'sigstore', 'rfc8785', 'yaml'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout == b"[]\n"
