import pytest

from gitops_models.delivery.journal import Journal
from gitops_models.delivery.records import Circumstances, Outcome, intend, parse_record, to_mapping
from gitops_models.delivery.values import ModelStage
from gitops_models.errors import GmError
from tests.support.delivery import NOW, deployment

AT = ModelStage("fraud", "production")
WHY = Circumstances("c" * 40, "d" * 64, NOW)
INTENT = intend("local", AT, deployment("1.0.0"), replaced=None, why=WHY, reason="")


def test_an_intent_is_there_until_it_is_finished(tmp_path):
    journal = Journal(tmp_path / "journal")
    assert journal.pending("local", AT) is None
    journal.begin(INTENT)
    assert journal.pending("local", AT) == INTENT
    assert journal.pending("other", AT) is None
    journal.finish("local", AT)
    assert journal.pending("local", AT) is None
    journal.finish("local", AT)


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"7", b'{"target": "local"}', b"\xff"])
def test_an_intent_that_makes_no_sense_counts_as_none(tmp_path, data):
    journal = Journal(tmp_path)
    journal.begin(INTENT)
    (tmp_path / "local" / "fraud#production.json").write_bytes(data)
    assert journal.pending("local", AT) is None


def test_a_journal_that_cannot_be_written_stops_the_switch(tmp_path):
    (tmp_path / "journal").write_bytes(b"")
    with pytest.raises(GmError) as error:
        Journal(tmp_path / "journal").begin(INTENT)
    assert error.value.code == "GM-R302"


def test_the_name_of_an_attempt_does_not_change_with_its_end():
    ended = INTENT.ended(Outcome.SUCCEEDED, observed="0" * 64, at=NOW, reason="late")
    assert ended.name == INTENT.name
    assert (ended.finished, ended.reason) == ("2026-11-21T10:00:00Z", "late")
    assert parse_record(to_mapping(ended)) == ended
