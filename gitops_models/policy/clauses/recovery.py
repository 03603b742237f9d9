"""The clauses of document A, *Model Rollback Procedures*, from the emergency on."""

from __future__ import annotations

from gitops_models.policy.clauses.clause import Clause
from gitops_models.policy.clauses.needs import given

_EMERGENCY = (
    Clause(
        "A-emergency-1",
        "An emergency rollback names its incident and its reason.",
        ("GM-P602",),
        "`gm rollback --emergency --incident ID -m REASON`",
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
        ("GM-P601", "GM-P603", "GM-P605", "GM-P607", "GM-P608"),
        needs=(given("emergency"),),
    ),
    Clause(
        "A-emergency-4",
        "What was skipped and what was kept is recorded.",
        ("GM-P605",),
        needs=(given("emergency"),),
    ),
    Clause(
        "A-emergency-5",
        "The bad version is captured and quarantined, not the one that replaces it.",
        ("GM-P304", "GM-P604"),
        needs=(given("emergency"),),
    ),
    Clause(
        "A-emergency-6",
        "The bytes of the bad version are kept for forensics and cannot be deployed.",
        ("GM-P304", "GM-P504", "GM-P507"),
        "nothing deletes bytes without a record",
    ),
)
_VALIDATION = (
    Clause(
        "A-validation-1",
        "After a rollback it is what is served that is validated, not the files.",
        ("GM-R521",),
        "the checks `served-version`, `golden`, `latency` and `metric` ask what serves",
    ),
    Clause(
        "A-validation-2",
        "Accuracy, latency and a security scan are checked.",
        mechanism="the checks `metric`, `golden`, `latency` and `scan`",
    ),
    Clause(
        "A-validation-3",
        "Thresholds come from the policy, are strict, and the value is recorded.",
        mechanism="`checks` of `policies/targets.yaml`; the checks of a deployment record",
    ),
    Clause(
        "A-validation-4",
        "A failed validation marks the rollback failed and alerts; it does not roll back the rollback.",
        ("GM-R521",),
        "the deployment record says failed; notifier, route `ops`",
    ),
)
_LIMITS = (
    Clause(
        "A-limits-1",
        "The proposal of a rollback lists what is lost: metrics and lineage of the newer version.",
        mechanism="text of the proposal",
    ),
    Clause(
        "A-limits-2",
        "What is served is switched at once: of the readings meanwhile none fails and none sees a mix.",
        mechanism="one rename of a link; measured by readers while it is switched",
    ),
    Clause(
        "A-limits-3",
        "A last known good version that is too old is a warning and stops automation.",
        ("GM-P509",),
        needs=(given("rollback.max_lkg_age_days"),),
    ),
    Clause(
        "A-limits-4",
        "After a rollback nothing is promoted until a root cause is linked.",
        ("GM-P306", "GM-P505", "GM-P531"),
        needs=(given("rollback.hold"),),
    ),
    Clause(
        "A-limits-5",
        "Whether a rollback was a normal one or an emergency is recorded.",
        mechanism="records and trailers of the step",
    ),
    Clause(
        "A-limits-6",
        "Retention never removes the last known good version, a live one or one that a hold needs.",
        ("GM-P527",),
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
        "A-limits-9",
        "A rollback proposal that is stuck raises an alert.",
        mechanism="the reconciler's notice `rollback-stalled`",
    ),
)
_TESTING = (
    Clause("A-testing-1", "Creation and storage of versions are tested.", mechanism="tests"),
    Clause("A-testing-2", "Rollback to several earlier versions is tested.", mechanism="tests"),
    Clause("A-testing-3", "Triggers that start a rollback are tested.", mechanism="tests"),
    Clause("A-testing-4", "Validation after a rollback is tested.", mechanism="tests"),
    Clause("A-testing-5", "Detection of tampered versions is tested.", mechanism="tests"),
    Clause("A-testing-6", "An emergency under time pressure is tested.", mechanism="tests"),
    Clause("A-testing-7", "Attempts to block a rollback are tested.", mechanism="tests"),
    Clause("A-testing-8", "The case that every version is poisoned is tested.", mechanism="tests"),
    Clause("A-testing-9", "A rollback can be rehearsed and timed.", mechanism="`gm drill`"),
)

RECOVERY: tuple[Clause, ...] = (*_EMERGENCY, *_VALIDATION, *_LIMITS, *_TESTING)
