"""Builders for the delivery room: versions made of small files, their accepted history, and the bytes they need."""

import ctypes
import hashlib
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

from gitops_models.delivery.checks.base import CheckResult, NoChecks
from gitops_models.delivery.follow import Followed
from gitops_models.delivery.journal import Journal
from gitops_models.delivery.reconciler import Reconciler
from gitops_models.delivery.recorder import Delivered
from gitops_models.delivery.targets.base import Stamp
from gitops_models.delivery.targets.directory import DirectoryTarget
from gitops_models.delivery.values import Deployment, Desired, Standing, collapse
from gitops_models.registry.canonical import FileDigest

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
STAMP = Stamp(commit="c" * 40, at=NOW)
Content = Mapping[str, bytes]


def content_of(version: str) -> dict[str, bytes]:
    """Two files and a directory whose bytes differ from version to version but for some files."""
    return {
        "model.onnx": f"weights of {version}".encode() * 40,
        "labels.txt": b"benign\nmalignant\n",
        "tokenizer/vocab.txt": f"vocabulary {version}".encode(),
        "tokenizer/merges.txt": b"a b\n",
    }


def artifacts_of(version: str, content: Content | None = None) -> tuple[FileDigest, ...]:
    files = content_of(version) if content is None else content
    return collapse(FileDigest(path, len(data), hashlib.sha256(data).hexdigest()) for path, data in files.items())


def deployment(version: str, content: Content | None = None, *, model: str = "fraud", stage: str = "production"):
    lineage = hashlib.sha256(f"{model}@{version}".encode()).hexdigest()
    return Deployment(model, stage, version, lineage, artifacts_of(version, content))


def desired(wanted: Deployment | None, *, at=None, standing: Standing | None = None, **rest) -> Desired:
    place = wanted.at if wanted else at
    return Desired(place, standing or (Standing.SERVE if wanted else Standing.UNDEPLOY), wanted, **rest)


def settle(target, wanted, source=None):
    """One round: plan on what is observed, apply, and look again."""
    source = source or Bytes()
    with target.exclusive():
        actions = target.plan(wanted, target.observe(wanted.at))
        for action in actions:
            target.apply(action, source, STAMP)
    return actions


class Bytes:
    """A byte source over content in memory; notes what it was asked for and raises what it is told to."""

    def __init__(self, content: Mapping[str, Content] | None = None, *, fails: Mapping[str, Exception] | None = None):
        self.content = dict(content or {})
        self.fails = dict(fails or {})
        self.asked: list[str] = []

    def __call__(self, wanted: Deployment, destination: Path) -> None:
        self.asked.append(wanted.version)
        if wanted.model in self.fails:
            raise self.fails[wanted.model]
        for path, data in self.content.get(wanted.version, content_of(wanted.version)).items():
            file = destination / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)


class Blobs:
    """Blobs in memory, addressed like Git's."""

    def __init__(self) -> None:
        self.data: dict[str, bytes] = {}

    def blob(self, oid: str) -> bytes:
        return self.data[oid]

    def add(self, data: bytes) -> str:
        oid = hashlib.sha1(data).hexdigest()
        self.data[oid] = data
        return oid


@dataclass
class AcceptedHistory:
    """The fields of a folded history that delivery reads."""

    state: object
    layout: object
    repository: object
    tip: str = "c" * 40
    steps: tuple = ()
    pending: dict = field(default_factory=dict)
    policy: object = field(default_factory=lambda: SimpleNamespace(stages=("staging", "production")))


class Accepted:
    """Writes governed files and gives the history in which they are accepted."""

    def __init__(self, content=content_of) -> None:
        self.files: dict[str, bytes] = {}
        self.blobs = Blobs()
        self.content = content

    def put(self, path: str, text: str) -> "Accepted":
        self.files[path] = ("apiVersion: gitops-models/v1\n" + text).encode()
        return self

    def model(self, name: str) -> "Accepted":
        return self.put(f"models/{name}/model.yaml", f"kind: Model\nname: {name}\nrisk: low\nowners: [team]\n")

    def version(self, model: str, version: str) -> "Accepted":
        lines = [f"kind: Lineage\nmodel: {model}\nversion: {version}"]
        lines += ['created: "2026-11-21T10:00:00Z"\nauthor: ann\nartifacts:']
        for index, entry in enumerate(artifacts_of(version, self.content(version))):
            role = "weights" if entry.path == "model.onnx" else "preprocessing"
            lines.append(f"- {{path: {entry.path}, role: {role}, sha256: '{entry.sha256}', size: {entry.size}}}")
            assert index < 9
        return self.put(f"models/{model}/versions/{version}/lineage.yaml", "\n".join(lines) + "\n")

    def stage(self, model: str, version: str, stage: str = "production", pins: str | None = None) -> "Accepted":
        lineage = self.files[f"models/{model}/versions/{version}/lineage.yaml"]
        sha256 = pins or hashlib.sha256(lineage).hexdigest()
        text = f"kind: StageState\nmodel: {model}\nstage: {stage}\nversion: {version}\nlineage_sha256: '{sha256}'\n"
        return self.put(f"models/{model}/stages/{stage}.yaml", text)

    def quarantine(self, model: str, version: str, number: int = 1, action: str = "quarantine") -> "Accepted":
        return self._note(
            f"quarantine/{version}/{number}", "Quarantine", model, f"version: {version}\naction: {action}"
        )

    def hold(self, model: str, stage: str = "production") -> "Accepted":
        return self._note(f"holds/{stage}/1", "Hold", model, f"stage: {stage}\naction: hold")

    def status(self, model: str, action: str, number: int = 1) -> "Accepted":
        return self._note(f"status/{number}", "Status", model, f"action: {action}")

    def _note(self, name: str, kind: str, model: str, fields: str) -> "Accepted":
        rest = 'reason: poisoned labels\nby: ann\ncreated: "2026-11-21T10:00:00Z"\n'
        return self.put(f"models/{model}/{name}.yaml", f"kind: {kind}\nmodel: {model}\n{fields}\n{rest}")

    def history(self, **changes) -> AcceptedHistory:
        from gitops_models.registry.documents import Repository  # noqa: PLC0415 - the kill driver counts its imports
        from gitops_models.registry.paths import Layout  # noqa: PLC0415
        from gitops_models.registry.snapshot import Entry, Snapshot  # noqa: PLC0415
        from gitops_models.registry.state import AcceptedState  # noqa: PLC0415

        layout = Layout()
        entries = {path: Entry(0o100644, self.blobs.add(data)) for path, data in self.files.items()}
        snapshot = Snapshot.empty(layout, self.blobs).with_entries(entries)
        state = AcceptedState.initial(snapshot, "b" * 40)
        repository = Repository(id="registry-a")
        return AcceptedHistory(state, layout, repository, **changes)


class Unchanged:
    """The change of a step that moves no stage."""

    def of(self, *_kinds):
        return ()


class Ledger:
    """Keeps the records that it is given."""

    def __init__(self) -> None:
        self.records = []

    def put(self, record) -> None:
        self.records.append(record)

    def flush(self) -> Delivered:
        return Delivered(sent=len(self.records))


def reconciler(root: Path, accepted: Accepted, *, state: Path, source=None, recorder=None, **options) -> Reconciler:
    history = accepted.history() if isinstance(accepted, Accepted) else accepted
    return Reconciler(
        targets=[DirectoryTarget(root, id="local", lock_wait=0.2, **options)],
        load_history=lambda: Followed(history),
        source_for=lambda _history: source or Bytes(),
        journal=Journal(state / "journal"),
        recorder=recorder or Ledger(),
        clock=lambda: NOW,
    )


def chosen(version: str, *, barred: str | None = None) -> Accepted:
    """One model with two versions, of which ``version`` is to be live."""
    accepted = Accepted().model("fraud").version("fraud", "1.0.0").version("fraud", "1.1.0")
    if barred:
        accepted.quarantine("fraud", barred)
    return accepted.stage("fraud", version)


class OneCheck(NoChecks):
    """A check after the switch that has to be passed, and that the version ``refused`` does not pass."""

    def __init__(self, refused: str) -> None:
        self.refused = refused

    def after(self, wanted, seen):
        return (
            CheckResult("answers", "command", passed=seen.digest == wanted.digest and wanted.version != self.refused),
        )

    def awaits(self, at):
        return at.stage == "production"


def checked_reconciler(root: Path, version: str, refused: str, *, state: Path, recorder=None) -> Reconciler:
    """The reconciler of a model that was served in both versions once, whose policy lets automation restore."""
    from gitops_models.policy.document import load_policy  # noqa: PLC0415 - the kill driver counts its imports
    from tests.support.policy import policy_yaml  # noqa: PLC0415

    history = chosen(version).history(policy=load_policy(policy_yaml("solo"), "policy.yaml"))
    history.state = replace(history.state, ever_staged={("fraud", "production"): {"1.0.0": None, "1.1.0": None}})
    made = reconciler(root, history, state=state, recorder=recorder, keep=1)
    return replace(made, checks=lambda _target, _history: OneCheck(refused))


def reconcile_once(srv: str, state: str, version: str, barred: str = "") -> bool:
    accepted = chosen(version, barred=barred or None)
    return reconciler(Path(srv), accepted, state=Path(state), keep=1).run().ok


def _status(arguments: list[str]) -> int:
    """What a run in a fork ends with: 0 where all is well, the exit status of its first error, 1 for a bug of ours."""
    srv, state, version, barred, refused = [*arguments, "", ""][:5]
    try:
        if refused:
            report = checked_reconciler(Path(srv), version, refused, state=Path(state)).run()
        else:
            accepted = chosen(version, barred=barred or None)
            report = reconciler(Path(srv), accepted, state=Path(state), keep=1).run()
    except BaseException:  # noqa: BLE001 - told by the status; nothing may run on in a fork
        return 1
    return int(report.first_error.exit_status) if report.first_error else 0


def serve_runs() -> None:
    """For each line of arguments fork a process that stops, to be traced, and then reconciles; print pid and end.

    A fresh interpreter for each of some hundred kills would spend its time importing.
    """
    from gitops_models.policy.document import load_policy  # noqa: F401, PLC0415 - imported once, before the forks
    from gitops_models.registry.state import AcceptedState  # noqa: F401, PLC0415 - as above
    from tests.support.policy import policy_yaml  # noqa: F401, PLC0415 - as above

    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            ctypes.CDLL(None).prctl(0x59616D61, -1, 0, 0, 0)  # PR_SET_PTRACER_ANY: Yama lets only ancestors trace
            os.kill(os.getpid(), signal.SIGSTOP)
            os._exit(_status(line.rstrip("\n").split("\t")))
        os.waitpid(child, os.WUNTRACED)
        _say(child)
        _say(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


def _say(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    serve_runs()
