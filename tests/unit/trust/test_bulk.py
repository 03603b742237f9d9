import sys
import threading

import pytest

from gitops_models.trust import bulk
from gitops_models.trust.bulk import RawObject, cores, judge_all
from gitops_models.trust.keyrings import PeopleKeyring
from gitops_models.trust.verify import Trusted
from tests.support.signed import commit_bytes, people, signed_commit, signed_tag

TRUSTED = Trusted(PeopleKeyring(people("ann")))
OBJECTS = [
    RawObject("commit", signed_commit("ann")),
    RawObject("tag", signed_tag(), "fraud@v1.0.0"),
    RawObject("tag", signed_tag(), "fraud@v2.0.0"),
    RawObject("tag", signed_tag()),
    RawObject("commit", commit_bytes("ann")),
    RawObject("commit", b"garbage"),
    RawObject("commit", signed_commit("eve")),
]
CODES = [None, None, "GM-T037", None, "GM-T001", "GM-T035", "GM-T002"]


@pytest.mark.parametrize("workers", [None, 1, 2])
def test_every_object_gets_its_verdict_in_order(workers, monkeypatch):
    monkeypatch.setattr(bulk, "_CHUNK", 2)
    assert [one.code for one in judge_all(OBJECTS * 3, TRUSTED, workers=workers)] == CODES * 3
    assert judge_all([], TRUSTED, workers=workers) == []


def test_a_worker_judges_with_what_it_was_given():
    bulk._share(TRUSTED)
    assert [one.code for one in bulk._judge_chunk(OBJECTS)] == CODES


def test_few_objects_are_not_worth_a_process(monkeypatch):
    monkeypatch.setattr(bulk, "cores", lambda: 5)
    monkeypatch.setattr(threading, "active_count", lambda: 1)
    assert [bulk._workers(count) for count in (1, 399, 400)] == [1, 1, 5]
    monkeypatch.setattr(threading, "active_count", lambda: 2)
    assert bulk._workers(400) == 1


def test_only_where_forking_is_safe_are_there_several(monkeypatch):
    assert cores() >= 1
    monkeypatch.setattr(sys, "platform", "darwin")
    assert cores() == 1
