"""The clauses of document A, *Model Rollback Procedures*, section by section."""

from __future__ import annotations

from gitops_models.policy.clauses.clause import Clause
from gitops_models.policy.clauses.needs import given

_SUMMARY = (
    Clause(
        "A-summary-1",
        "A rollback can name tampering, backdoor, degradation or poisoning; its commit carries the technique.",
        mechanism="`gm rollback --cause`; trailers `Gm-Cause` and `Gm-Technique`",
    ),
    Clause(
        "A-summary-2",
        "Without a named version a rollback restores the last known good one.",
        ("GM-P510", "GM-P511"),
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
        mechanism="exposure clock",
        due="delivery",
    ),
)
_SNAPSHOTS = (
    Clause(
        "A-snapshots-1",
        "Each version is signed by its author.",
        ("GM-P204", "GM-P801", "GM-P805"),
    ),
    Clause(
        "A-snapshots-2",
        "Each file of a version is recorded with its sha256 and size.",
        ("GM-P104", "GM-P105"),
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
        mechanism="`triggers.yaml`",
        due="delivery",
    ),
    Clause(
        "A-triggers-2",
        "Several triggers may fire at once and all are reported.",
        mechanism="`gm monitor`",
        due="delivery",
    ),
    Clause(
        "A-triggers-3",
        "A trigger that fails raises an alert, and the others are still looked at.",
        mechanism="`gm monitor`",
        due="delivery",
    ),
    Clause(
        "A-triggers-4",
        "Accuracy that falls by strictly more than 0.05 below its baseline fires, in decimals.",
        mechanism="decimal arithmetic",
        due="delivery",
    ),
    Clause("A-triggers-5", "A missing metric is no data and never zero.", mechanism="`gm monitor`", due="delivery"),
    Clause(
        "A-triggers-6",
        "One weight anomaly of high severity among those reported fires.",
        mechanism="`gm monitor`",
        due="delivery",
    ),
    Clause("A-triggers-7", "A reported backdoor fires.", mechanism="`gm monitor`", due="delivery"),
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
_EMERGENCY = (
    Clause(
        "A-emergency-1",
        "An emergency rollback names its incident and its reason.",
        mechanism="`gm rollback --emergency --incident ID -m REASON`",
        needs=(given("emergency"),),
    ),
    Clause(
        "A-emergency-2",
        "The security team is alerted before anything is done.",
        mechanism="notifier, route `security`",
        needs=(given("emergency"),),
    ),
    Clause(
        "A-emergency-3",
        "It skips approval, soak and freeze, and never the checks of bytes, signature and quarantine.",
        needs=(given("emergency"),),
        mechanism="rules of the emergency",
    ),
    Clause(
        "A-emergency-4",
        "What was skipped and what was kept is recorded.",
        mechanism="the record of the emergency",
        needs=(given("emergency"),),
    ),
    Clause(
        "A-emergency-5",
        "The bad version is captured and quarantined, not the one that replaces it.",
        ("GM-P304",),
        "the change of the emergency",
        needs=(given("emergency"),),
    ),
    Clause(
        "A-emergency-6",
        "The bytes of the bad version are kept for forensics and cannot be deployed.",
        ("GM-P304",),
        "nothing deletes bytes without a record",
    ),
)
_VALIDATION = (
    Clause(
        "A-validation-1",
        "After a rollback it is what is served that is validated, not the files.",
        mechanism="served validation",
        due="delivery",
    ),
    Clause(
        "A-validation-2",
        "Accuracy, latency and a security scan are checked.",
        mechanism="served validation",
        due="delivery",
    ),
    Clause(
        "A-validation-3",
        "Thresholds come from the policy, are strict, and the value is recorded.",
        mechanism="served validation",
        due="delivery",
    ),
    Clause(
        "A-validation-4",
        "A failed validation marks the rollback failed and alerts; it does not roll back the rollback.",
        mechanism="served validation",
        due="delivery",
    ),
)
_LIMITS = (
    Clause(
        "A-limits-1",
        "The proposal of a rollback lists what is lost: metrics and lineage of the newer version.",
        mechanism="text of the proposal",
    ),
    Clause(
        "A-limits-2", "What is served is switched at once, and the time is measured.", mechanism="one rename of a link"
    ),
    Clause(
        "A-limits-3",
        "A last known good version that is too old is a warning and stops automation.",
        needs=(given("rollback.max_lkg_age_days"),),
        mechanism="age of the last known good version",
    ),
    Clause(
        "A-limits-4",
        "After a rollback nothing is promoted until a root cause is linked.",
        ("GM-P306", "GM-P505"),
    ),
    Clause(
        "A-limits-5",
        "Whether a rollback was a normal one or an emergency is recorded.",
        mechanism="records and trailers of the step",
    ),
    Clause(
        "A-limits-6",
        "Retention never removes the last known good version, a live one or one that a hold needs.",
        mechanism="rules of retention",
    ),
    Clause(
        "A-limits-7",
        "When no clean version is left, the degradation that was declared takes place.",
        ("GM-P510", "GM-P523", "GM-P524", "GM-P525"),
        "`rollback.degrade` of the policy; `gm rollback`",
    ),
    Clause(
        "A-limits-8",
        "A rollback works while the forge is down and automation is off.",
        mechanism="Git alone; overrides and bundles",
    ),
    Clause(
        "A-limits-9", "A rollback proposal that is stuck raises an alert.", mechanism="`gm monitor`", due="delivery"
    ),
)
_TESTING = (
    Clause("A-testing-1", "Creation and storage of versions are tested.", mechanism="tests"),
    Clause("A-testing-2", "Rollback to several earlier versions is tested.", mechanism="tests"),
    Clause("A-testing-3", "Triggers that start a rollback are tested.", mechanism="tests", due="delivery"),
    Clause("A-testing-4", "Validation after a rollback is tested.", mechanism="tests", due="delivery"),
    Clause("A-testing-5", "Detection of tampered versions is tested.", mechanism="tests"),
    Clause("A-testing-6", "An emergency under time pressure is tested.", mechanism="tests"),
    Clause("A-testing-7", "Attempts to block a rollback are tested.", mechanism="tests"),
    Clause("A-testing-8", "The case that every version is poisoned is tested.", mechanism="tests"),
    Clause("A-testing-9", "A rollback can be rehearsed and timed.", mechanism="`gm drill`", due="delivery"),
)

PROCEDURES: tuple[Clause, ...] = (
    *_SUMMARY,
    *_SNAPSHOTS,
    *_TRIGGERS,
    *_EXECUTION,
    *_EMERGENCY,
    *_VALIDATION,
    *_LIMITS,
    *_TESTING,
)
