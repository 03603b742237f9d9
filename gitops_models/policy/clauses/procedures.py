"""The clauses of document A, *Model Rollback Procedures*, up to the execution of a rollback."""

from __future__ import annotations

from gitops_models.policy.clauses.clause import Clause

_SUMMARY = (
    Clause(
        "A-summary-1",
        "A rollback can name tampering, backdoor, degradation or poisoning; its commit carries the technique.",
        mechanism="`gm rollback --cause`; trailers `Gm-Cause` and `Gm-Technique`",
    ),
    Clause(
        "A-summary-2",
        "Without a named version a rollback restores the last known good one.",
        ("GM-P510", "GM-P511", "GM-P512"),
        "the live stack of a stage",
    ),
    Clause(
        "A-summary-3",
        "A rollback can go back to the newest approved version that does not descend from poisoned data.",
        ("GM-P521", "GM-P522"),
        "`gm rollback --before-data`",
    ),
    Clause(
        "A-summary-4",
        "In the same way it can go back to before a bad commit of the training code.",
        ("GM-P521", "GM-P522"),
        "`gm rollback --before-commit`",
    ),
    Clause(
        "A-summary-5",
        "Other versions and models that share the poisoned input are listed.",
        mechanism="`gm rollback` lists them; `--quarantine-siblings` bars them",
    ),
    Clause(
        "A-summary-6",
        "Of an incident it is known when the bad version was deployed, detected, rolled back, restored and validated.",
        mechanism="the clock in signed deployment records; `gm log`; the rollback proposal",
    ),
)
_SNAPSHOTS = (
    Clause(
        "A-snapshots-1",
        "Each version is signed by its author.",
        ("GM-P204", "GM-P801", "GM-P805", "GM-P330", "GM-P331", "GM-P333"),
    ),
    Clause(
        "A-snapshots-2",
        "Each file of a version is recorded with its sha256 and size.",
        ("GM-P104", "GM-P105", "GM-P109"),
        "`gm register`",
    ),
    Clause("A-snapshots-3", "Each version carries its time in UTC and its metadata.", ("GM-P001",), "`gm register`"),
    Clause(
        "A-snapshots-4",
        "Files are streamed: three gigabytes are registered in less than 150 MB of memory.",
        mechanism="digests, uploads and downloads in blocks",
    ),
    Clause(
        "A-snapshots-5",
        "A version counts as verified only after its stored bytes were read again and hashed.",
        ("GM-P206", "GM-A311", "GM-A324"),
    ),
    Clause("A-snapshots-6", "The copy in storage is hashed again after the upload.", ("GM-A324",)),
    Clause("A-snapshots-7", "A version that exists is not registered again.", ("GM-C144", "GM-P101")),
    Clause(
        "A-snapshots-8",
        "A process killed midway leaves the old state or the new one.",
        mechanism="one atomic push for Git; write, fsync and rename for files",
    ),
    Clause("A-snapshots-9", "The deployment history only grows.", ("GM-T400", "GM-P102"), "signed deployment records"),
    Clause("A-snapshots-10", "An empty repository lists nothing and nothing crashes.", mechanism="`gm list`"),
    Clause(
        "A-snapshots-11",
        "One flipped bit in storage is refused before anything is handed out.",
        ("GM-A312", "GM-A313", "GM-A314", "GM-A403"),
    ),
)
_TRIGGERS = (
    Clause(
        "A-triggers-1",
        "A trigger has a name, a condition and a severity, which is high unless it says otherwise.",
        mechanism="`triggers.yaml` of the model",
    ),
    Clause(
        "A-triggers-2",
        "Several triggers may fire at once and all are reported.",
        mechanism="`gm monitor` looks at each and tells of each; they open one rollback",
    ),
    Clause(
        "A-triggers-3",
        "A trigger that fails raises an alert, and the others are still looked at.",
        mechanism="`gm monitor`: an error is a state of its own, told by the notifier",
    ),
    Clause(
        "A-triggers-4",
        "Accuracy that falls by strictly more than 0.05 below its baseline fires, in decimals.",
        mechanism="`baseline` with `max_drop` in `triggers.yaml`; decimal arithmetic",
    ),
    Clause("A-triggers-5", "A missing metric is no data and never zero.", mechanism="`on_no_data` in `triggers.yaml`"),
    Clause(
        "A-triggers-6",
        "One weight anomaly of high severity among those reported fires.",
        mechanism="`fail` with `count_where` in `triggers.yaml`",
    ),
    Clause("A-triggers-7", "A reported backdoor fires.", mechanism="`fail` with `equals` in `triggers.yaml`"),
)
_EXECUTION = (
    Clause("A-execution-1", "A rollback gives its reason.", ("GM-C130", "GM-P005")),
    Clause(
        "A-execution-2",
        "What is about to be rolled back is on record before anything is served differently.",
        ("GM-P404",),
        "the step and its acceptance in Git come before the reconciler acts",
    ),
    Clause(
        "A-execution-3",
        "Integrity and verification of the version are checked before it is deployed.",
        ("GM-A312", "GM-A313", "GM-A314"),
        "the reconciler hashes every byte before the switch",
    ),
    Clause(
        "A-execution-4", "The completed deployment is recorded.", mechanism="signed deployment records in the ledger"
    ),
    Clause(
        "A-execution-5",
        "The operations team is notified of the rollback, with the event.",
        mechanism="notifier, route `ops`",
    ),
    Clause(
        "A-execution-6",
        "A failed rollback sends a critical notice and ends with a failure; a dead notifier never hides the error.",
        mechanism="notifier, route `ops`; exit status",
    ),
    Clause(
        "A-execution-7",
        "A second run says that the version is there already.",
        mechanism="`gm rollback`, `gm reconcile`",
    ),
)
PROCEDURES: tuple[Clause, ...] = (*_SUMMARY, *_SNAPSHOTS, *_TRIGGERS, *_EXECUTION)
