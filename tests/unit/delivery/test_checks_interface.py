"""The interface check: what the files take and give, held to what somebody relies on."""

import shutil
from dataclasses import replace

import pytest

from gitops_models.delivery.checks import interface
from gitops_models.delivery.checks.base import Subject
from gitops_models.delivery.values import Deployment
from gitops_models.registry.chronicle import Happening
from gitops_models.registry.documents import Consumer, Interface, Model
from gitops_models.registry.documents.lineage import ArtifactEntry
from gitops_models.registry.state import Touch
from tests.support.delivery import Accepted, artifacts_of
from tests.support.models import linear_onnx
from tests.support.policy import waiver_file

SPEC = {"name": "x", "dtype": "float32", "shape": (-1, 4)}
OUT = {"name": "score", "dtype": "float32", "shape": (-1, 1)}


def shaped(*inputs, outputs=(OUT,)):
    return Interface.model_validate({"inputs": list(inputs), "outputs": list(outputs)})


def model(**fields):
    return Model(name="fraud", risk="low", **fields)


def consumer(*outputs):
    return Consumer.model_validate({"name": "checkout", "requires": {"outputs": list(outputs)}})


BASE = shaped(SPEC)
NARROW = shaped({**SPEC, "shape": (-1, 3)})


@pytest.mark.parametrize(
    ("found", "recorded", "of", "now", "problem"),
    [
        (BASE, BASE, model(), None, None),
        (None, BASE, model(), None, None),
        (NARROW, BASE, model(), None, "recorded: input x takes shape [-1, 3] instead of [-1, 4]"),
        (BASE, None, model(consumers=(consumer("score"),)), None, None),
        (BASE, None, model(consumers=(consumer("label"),)), None, "checkout: output label is missing"),
        (NARROW, None, model(interface=BASE), None, "promised: input x takes shape [-1, 3] instead of [-1, 4]"),
        (NARROW, None, model(), BASE, "served now: input x takes shape [-1, 3] instead of [-1, 4]"),
        (BASE, None, model(), BASE, None),
    ],
)
def test_it_is_held_to_lineage_consumers_promise_or_what_is_served(found, recorded, of, now, problem):
    result = interface.judged(found, recorded, of, now, "")
    assert (result.passed, result.message) == (problem is None, problem or "")
    assert result.values["from"] == ("files" if found else "lineage")


def test_files_that_cannot_be_read_do_not_have_the_interface_that_was_recorded():
    result = interface.judged(None, BASE, model(), None, "no ONNX")
    assert (result.passed, result.message) == (False, "the files: no ONNX")


def registry(versions, **fields):
    """Versions of one model: what each of them is made of, by file name."""
    made = Accepted().put("models/fraud/model.yaml", "kind: Model\nname: fraud\nrisk: low\n")
    for version, content in versions.items():
        entries = [
            ArtifactEntry(path=one.path, role="weights", sha256=one.sha256, size=one.size)
            for one in artifacts_of(version, content)
        ]
        listed = "\n".join(f"- {entry.model_dump(mode='json', exclude_none=True)}" for entry in entries)
        head = f"kind: Lineage\nmodel: fraud\nversion: {version}\ncreated: '2026-11-21T10:00:00Z'\nauthor: ann\n"
        made.put(f"models/fraud/versions/{version}/lineage.yaml", f"{head}artifacts:\n{listed}\n")
    for path, text in fields.items():
        made.put(path, text)
    return made.stage("fraud", max(versions))


def looked(tmp_path, versions, *, live=None, extra=None, state=None, files=None):
    made = registry(versions)
    made.files |= files or {}
    if extra:
        made.put("models/fraud/model.yaml", f"kind: Model\nname: fraud\nrisk: low\n{extra}\n")
    folders, places = {}, {}
    for version, content in versions.items():
        folders[version] = tmp_path / version
        folders[version].mkdir()
        for name, data in content.items():
            (folders[version] / name).write_bytes(data)
        places[version] = Deployment("fraud", "production", version, "a" * 64, artifacts_of(version, content))
    newest, history = max(versions), made.history()
    history.state = replace(history.state, **(state or {}))
    return interface.run(
        Subject(
            places[newest],
            history,
            folder=folders[newest],
            live=places[live] if live else None,
            live_folder=folders[live] if live else None,
        )
    )


def onnx(features):
    return {"model.onnx": linear_onnx([0.5] * features, input_name="x")}


def test_what_is_served_now_is_the_promise_where_the_model_promises_nothing(tmp_path):
    found = looked(tmp_path, {"1.0.0": onnx(4), "1.1.0": onnx(3)}, live="1.0.0")
    assert found.passed is False
    assert "served now: input" in found.message


def test_a_promise_that_was_changed_lets_another_interface_in(tmp_path):
    promise = "interface: {inputs: [{name: x, dtype: float32, shape: [-1, 3]}]}"  # outputs beyond it do not matter
    versions = {"1.0.0": onnx(4), "1.1.0": onnx(3)}
    assert looked(tmp_path, versions, live="1.0.0", extra=promise).passed


@pytest.mark.parametrize(
    ("live", "extra", "passed"),
    [
        (None, None, True),
        ("1.0.0", None, False),
        (None, "consumers: [{name: checkout, requires: {outputs: [score]}}]", False),
        (None, "interface: {outputs: [{name: score, dtype: float32}]}", False),
        (None, "type: prompt\nconsumers: [{name: checkout, requires: {outputs: [score]}}]", True),
    ],
)
def test_files_that_say_nothing_pass_where_nobody_relies_on_them(tmp_path, live, extra, passed):
    found = looked(tmp_path, {"1.0.0": onnx(4), "1.1.0": {"model.bin": b"numbers"}}, live=live, extra=extra)
    assert found.passed is passed
    assert found.message.startswith("no file says what it takes and gives")


def test_a_version_that_is_healed_or_of_another_model_promises_nothing(tmp_path):
    assert looked(tmp_path, {"1.0.0": onnx(4)}, live="1.0.0").passed


RELIED = """consumers: [{name: checkout, requires: {outputs: [label]}}]
interface: {outputs: [{name: label, dtype: int64}]}"""


@pytest.mark.parametrize(
    ("changes", "passed"),
    [({}, True), ({"code": "GM-P316"}, False), ({"stage": "staging"}, False), ({"version": "2.0.0"}, False)],
)
def test_what_a_waiver_let_in_is_served(tmp_path, changes, passed):
    waiver = waiver_file("late", **{"code": "GM-P314", "models": ["fraud"], **changes})
    assert looked(tmp_path, {"1.0.0": onnx(4)}, extra=RELIED, files=waiver).passed is passed


def test_a_way_back_and_a_healing_are_held_to_what_was_recorded_alone(tmp_path):
    """What consumers lose with a rollback was declared and agreed to; who waits for them keeps the bad version."""
    relied = RELIED
    assert looked(tmp_path, {"1.0.0": onnx(4)}, extra=relied).passed is False
    for folder in tmp_path.iterdir():
        shutil.rmtree(folder)
    assert looked(tmp_path, {"1.0.0": onnx(4)}, live="1.0.0", extra=relied).passed
    for folder in tmp_path.iterdir():
        shutil.rmtree(folder)
    back = Happening("rollback", "5" * 40, None, "production")
    state = {"touched": {"models/fraud/stages/production.yaml": Touch(1, "5" * 40)}, "chronicle": {"fraud": (back,)}}
    assert looked(tmp_path, {"1.0.0": onnx(4)}, extra=relied, state=state).passed
