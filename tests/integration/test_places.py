"""The note of directories that a clone deploys to: only a convenience, and never in the way."""

import pytest

from gitops_models.errors import GmError
from gitops_models.store.worktree import init
from gitops_models.workflows.deliver import Place, places, remember_place


@pytest.fixture
def store(tmp_path):
    return init(tmp_path / "r")


def test_a_directory_is_noted_once_with_its_newest_stages(store, tmp_path):
    remember_place(store, Place(tmp_path / "srv"))
    remember_place(store, Place(tmp_path / "srv", ("production",)))
    assert [(place.directory, place.stages) for place in places(store)] == [(tmp_path / "srv", ("production",))]


def test_nothing_was_deployed_from_a_fresh_clone(store):
    assert places(store) == ()


def test_a_spoiled_note_is_reported_with_its_remedy_and_the_next_deployment_replaces_it(store, tmp_path):
    note = store.common_dir / "gm" / "places.json"
    note.parent.mkdir(exist_ok=True)
    note.write_text("{")
    with pytest.raises(GmError) as refused:
        places(store)
    assert (refused.value.code, refused.value.where) == ("GM-R106", str(note))
    remember_place(store, Place(tmp_path / "srv"))
    assert [place.directory for place in places(store)] == [tmp_path / "srv"]
