from gitops_models.trust.outbox import Outbox
from tests.support.signed import CHANGE, acceptance, decision, deployment

TOPIC = f"changes/{CHANGE}"


def test_what_is_put_waits_in_the_order_of_its_times(tmp_path):
    outbox = Outbox.of(tmp_path, "origin")
    late, early = decision("ann", created="2026-11-21T12:00:00Z"), acceptance("ann")
    for record in (late, early):
        outbox.put(TOPIC, record)
    outbox.put("deployments/edge-1", deployment("ci"))
    assert outbox.waiting(TOPIC) == (early, late)
    assert list(outbox.topics()) == [TOPIC, "deployments/edge-1"]


def test_what_is_dropped_waits_no_longer(tmp_path):
    outbox = Outbox.of(tmp_path, None)
    record = decision("ann")
    outbox.put(TOPIC, record)
    outbox.drop(TOPIC, (record, record))
    assert outbox.waiting(TOPIC) == ()
    assert list(outbox.topics()) == []


def test_what_is_set_aside_is_kept_and_no_longer_waits(tmp_path):
    outbox = Outbox.of(tmp_path, "origin")
    record = decision("ann")
    outbox.put(TOPIC, record)
    outbox.set_aside(TOPIC, (record,))
    assert outbox.waiting(TOPIC) == ()
    kept = tmp_path / "gm" / "refused" / "origin" / TOPIC / f"{record.sha256}.json"
    assert kept.read_bytes() == record.envelope


def test_damaged_files_are_left_alone(tmp_path):
    outbox = Outbox.of(tmp_path, "origin")
    record = decision("ann")
    outbox.put(TOPIC, record)
    folder = outbox.root / TOPIC
    (folder / "half.json").write_bytes(record.envelope[:100])
    (folder / "renamed.json").write_bytes(record.envelope)
    (folder / "directory.json").mkdir()
    assert outbox.waiting(TOPIC) == (record,)
    assert (folder / "half.json").exists()
