"""The clauses of document B, *AI Model Versioning and Rollback Policy*, sections 6 to 12."""

from __future__ import annotations

from gitops_models.policy.clauses.clause import Clause
from gitops_models.policy.clauses.needs import given, lists, rollback_by

_ROLLBACK = (
    Clause(
        "B-6.1-1",
        "Each reason of the document is a cause that can be opened and that a rollback can name.",
        mechanism="`gm cause open`, `gm rollback --cause`",
    ),
    Clause("B-6.1-2", "An open cause shows red until it is resolved.", mechanism="`gm status`"),
    Clause("B-6.2-1", "A rollback restores a version that was approved before.", ("GM-P501", "GM-P511")),
    Clause(
        "B-6.2-2",
        "Where the risk allows it, a rollback is automatic.",
        ("GM-P508", "GM-P509"),
        "`gm monitor` and the reconciler, by `automation` of the risk",
    ),
    Clause(
        "B-6.2-3",
        "Rollbacks of high and critical risk never land without a person.",
        ("GM-P401", "GM-P503"),
        needs=(given("risks.high.rollback.authorize"), given("risks.critical.rollback.authorize")),
    ),
    Clause("B-6.2-4", "The bytes of the version that is rolled back stay.", ("GM-P502", "GM-P101")),
    Clause(
        "B-6.2-5",
        "A rollback only adds to history.",
        ("GM-P101", "GM-P102", "GM-T600", "GM-P103"),
    ),
    Clause(
        "B-6.3-1",
        "At low and medium risk an operator may roll back.",
        ("GM-P403",),
        needs=(rollback_by("low", "initiate", "operator"), rollback_by("medium", "initiate", "operator")),
    ),
    Clause(
        "B-6.3-2",
        "At high risk the responsible AI officer authorizes a rollback.",
        ("GM-P401", "GM-P403"),
        needs=(rollback_by("high", "authorize", "raio"),),
    ),
    Clause(
        "B-6.3-3",
        "At critical risk the emergency committee mandates a rollback.",
        ("GM-P401", "GM-P403"),
        needs=(rollback_by("critical", "authorize", "emergency-committee"),),
    ),
)
_RECORDS = (
    Clause("B-7-1", "Each change, promotion and rollback says why.", ("GM-P005", "GM-C130")),
    Clause("B-7-2", "It says who authorized it.", ("GM-P404",), "acceptances of the ledger; `gm log`"),
    Clause("B-7-3", "It has a time that others can check.", ("GM-P404",), "acceptances and checkpoints"),
    Clause("B-7-4", "It names the systems that it touches, promotions too.", mechanism="trailer `Gm-Impact`"),
    Clause(
        "B-7-5",
        "Records cannot be changed.",
        ("GM-T400", "GM-T600", "GM-P102", "GM-P103", "GM-P506"),
    ),
    Clause(
        "B-7-6",
        "Records and versions are kept for as long as the organisation decided.",
        ("GM-P526", "GM-P528"),
        needs=(given("retention"),),
    ),
    Clause("B-8-1", "What consumers need is checked before a promotion.", ("GM-P314",)),
    Clause(
        "B-8-2",
        "It is checked before a rollback too.",
        ("GM-P902",),
        "the choice of the last known good version",
    ),
    Clause(
        "B-8-3",
        "When a version does not fit, the next one that fits is restored or the service degrades as declared.",
        ("GM-P902", "GM-P523"),
        "the choice of the last known good version; declared degradation",
    ),
    Clause("B-9-1", "Deployed bytes are never overwritten.", ("GM-P101", "GM-P105", "GM-A314")),
    Clause(
        "B-9-2",
        "Nothing without a version, or with half of one, is deployed.",
        ("GM-P104", "GM-P303", "GM-P530"),
    ),
    Clause(
        "B-9-3",
        "No rollback without record and authority, as by a direct push.",
        ("GM-P401", "GM-P404", "GM-P801", "GM-P606", "GM-P803", "GM-P804", "GM-P805"),
    ),
    Clause(
        "B-9-4",
        "No version is deleted without the agreement that retention demands.",
        ("GM-P101", "GM-P526", "GM-P527", "GM-P529"),
    ),
)
_PEOPLE = (
    Clause("B-10-1", "Each action is open to named roles only.", ("GM-P403",)),
    Clause(
        "B-10-2",
        "Training in versioning, rollback and incidents is demanded.",
        ("GM-P410",),
        "training register of people.yaml",
        needs=(lists("training.topics", "versioning", "rollback", "incident"),),
    ),
    Clause(
        "B-10-3",
        "Training that expired does not count.",
        ("GM-P401", "GM-P410"),
        "training register of people.yaml",
        needs=(given("training.valid_days"),),
    ),
    Clause("B-11-1", "A suspended model is not promoted.", ("GM-P305",), "`gm suspend`"),
    Clause("B-11-2", "A suspended person neither proposes nor approves.", ("GM-P401", "GM-P403"), "`suspended`"),
    Clause(
        "B-11-3",
        "Repeated violations are counted, and from a number on an external audit is demanded.",
        ("GM-P322",),
        needs=(given("violations"),),
    ),
    Clause(
        "B-11-4",
        "Sanctions and contractual penalties are the organisation's to impose: outside of software.",
        mechanism="`gm compliance` says so",
        outside=True,
    ),
)
_REVIEW = tuple(
    Clause(
        f"B-12-{number}",
        f"A review of the policy is due {when}, until it has taken place.",
        needs=(given("review"),),
        mechanism="review items",
    )
    for number, when in enumerate(
        (
            "when its period is over",
            "after a new model of high risk",
            "after a significant incident or rollback",
            "after a regulatory cause",
            "after a change of the policy",
        ),
        start=1,
    )
)

OPERATION: tuple[Clause, ...] = (*_ROLLBACK, *_RECORDS, *_PEOPLE, *_REVIEW)
