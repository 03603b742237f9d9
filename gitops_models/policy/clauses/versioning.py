"""The clauses of document B, *AI Model Versioning and Rollback Policy*, sections 1 to 5."""

from __future__ import annotations

from gitops_models.policy.clauses.clause import Clause
from gitops_models.policy.clauses.needs import evidence_at_every_stage, given, lacks, lists, quorum

_REQUIRE, _COVERAGE = "lineage.require", "lineage.coverage"

_SCOPE = (
    Clause(
        "B-1-1",
        "Without a policy nothing is allowed.",
        ("GM-P701", "GM-P706", "GM-P001", "GM-P003"),
    ),
    Clause(
        "B-2-1",
        "Models, pipelines, prompts and configurations are under the same rules.",
        mechanism="`type` of model.yaml; `gm register` for each",
    ),
    Clause(
        "B-2-2",
        "A model says what it is used for, and the use can raise its risk.",
        mechanism="`use` of model.yaml; the risk that is judged is the highest of old, new and floor",
        needs=(given("floors"),),
    ),
    Clause(
        "B-2-3",
        "The whole life of a model is governed, up to its retirement.",
        ("GM-P305", "GM-P520"),
        "`gm retire`",
    ),
    Clause(
        "B-2-4",
        "Committees, contractors and external people are governed too; whose time is over does not count.",
        ("GM-P401", "GM-P403"),
        "roles with a number of people, `affiliation` and `until` of people.yaml",
    ),
    Clause("B-3-1", "What is deployed is exactly one unchangeable version.", ("GM-C150", "GM-P106"), "`gm identify`"),
    Clause(
        "B-3-2",
        "A version leads to its data, code, parameters and approvals.",
        ("GM-P201", "GM-P205"),
        "`gm show`, `gm log`",
        needs=(lists(_REQUIRE, "data", "code", "parameters"),),
    ),
    Clause(
        "B-3-3",
        "Earlier versions are kept and can be looked at.",
        ("GM-P101", "GM-T600"),
        "`gm at`, `gm log`, `gm verify`",
    ),
    Clause(
        "B-3-4",
        "A safe rollback is possible at any time.",
        ("GM-P901",),
    ),
    Clause(
        "B-3-5",
        "Who has to agree follows from the risk; people and policy change only by agreement.",
        ("GM-P401", "GM-P004", "GM-P702", "GM-P703", "GM-P704", "GM-P705"),
        needs=(given("policy_changes.approve"),),
    ),
)
_IDENTIFICATION = (
    Clause(
        "B-4.1-1",
        "A version has its own id.",
        ("GM-D011", "GM-P002", "GM-C144", "GM-P107", "GM-P108"),
    ),
    Clause(
        "B-4.1-2",
        "A version names its model and its architecture.",
        ("GM-P002", "GM-P203"),
        "architecture is read from the file or model.yaml",
    ),
    Clause("B-4.1-3", "A version names its data snapshots.", ("GM-P201",), needs=(lists(_REQUIRE, "data"),)),
    Clause(
        "B-4.1-4",
        "A version names its feature schema and the version of its preprocessing.",
        ("GM-P201",),
        needs=(lists(_REQUIRE, "features"),),
    ),
    Clause(
        "B-4.1-5",
        "A version has its hyperparameters and the checksum of its configuration.",
        ("GM-P201",),
        needs=(lists(_REQUIRE, "parameters"),),
    ),
    Clause(
        "B-4.1-6",
        "A version names the versions of its dependencies and runtime.",
        ("GM-P201",),
        needs=(lists(_REQUIRE, "environment"),),
    ),
    Clause("B-4.1-7", "A version has its date and its author, who signed it.", ("GM-P001", "GM-P204")),
    Clause(
        "B-4.1-8",
        "The approving authority is derived from what was signed, never typed.",
        ("GM-P404",),
        "acceptances of the ledger; `gm log`",
    ),
)
_COVERED = (
    Clause("B-4.2-1", "Weights and binaries are versioned.", ("GM-P202",), needs=(lists(_COVERAGE, "weights"),)),
    Clause(
        "B-4.2-2",
        "Training and inference code are versioned.",
        ("GM-P202",),
        needs=(lists(_COVERAGE, "training-code", "inference-code"),),
    ),
    Clause(
        "B-4.2-3",
        "Prompts, templates and system instructions are versioned.",
        ("GM-P202",),
        needs=(lists(_COVERAGE, "prompt"),),
    ),
    Clause(
        "B-4.2-4",
        "Pre- and postprocessing are versioned.",
        ("GM-P202",),
        needs=(lists(_COVERAGE, "preprocessing", "postprocessing"),),
    ),
    Clause(
        "B-4.2-5",
        "Metrics and benchmark results are versioned.",
        ("GM-P201", "GM-P202"),
        needs=(lists(_REQUIRE, "metrics"), lists(_COVERAGE, "evaluation")),
    ),
    Clause("B-4.2-6", "What a version does not have is said, not left out.", ("GM-P202",), "`not_applicable`"),
    Clause("B-4.2-7", "A changed component changes the digest of the version.", ("GM-P104", "GM-P105", "GM-P302")),
    Clause("B-4.3-1", "A deployed version does not change.", ("GM-P101",)),
    Clause("B-4.3-2", "Any change is a new version.", ("GM-C144", "GM-P101", "GM-P106")),
    Clause("B-4.3-3", "There is no way for a hotfix past version and approval.", ("GM-P303", "GM-P401")),
)
_APPROVAL = (
    Clause(
        "B-5.1-1",
        "Low risk: the technical lead signs off.",
        ("GM-P401", "GM-P402"),
        needs=(quorum("low", "technical-lead"),),
    ),
    Clause(
        "B-5.1-2",
        "Medium risk: the responsible AI officer.",
        ("GM-P401", "GM-P402"),
        needs=(quorum("medium", "raio"),),
    ),
    Clause(
        "B-5.1-3",
        "High risk: the responsible AI officer and the domain lead.",
        ("GM-P401", "GM-P402"),
        needs=(quorum("high", "raio", "domain-lead"),),
    ),
    Clause(
        "B-5.1-4",
        "Critical risk: both of them and the oversight committee.",
        ("GM-P401", "GM-P402"),
        needs=(quorum("critical", "raio", "domain-lead", "oversight-committee"),),
    ),
    Clause(
        "B-5.1-5",
        "One person fills one place, and nobody approves their own work.",
        ("GM-P401", "GM-P006"),
        needs=(lacks("approvals.self_approval"),),
    ),
    Clause(
        "B-5.2-1",
        "A version passes development, validation, staging and production in this order.",
        ("GM-P301",),
        needs=(lists("stages", "development", "validation", "staging", "production"),),
    ),
    Clause(
        "B-5.2-2",
        "Each stage demands documented test results that passed.",
        ("GM-P307", "GM-P308", "GM-P309", "GM-P310", "GM-P311", "GM-P312", "GM-P313", "GM-P318"),
        needs=(evidence_at_every_stage(),),
    ),
    Clause("B-5.2-3", "Each stage demands a sign-off.", ("GM-P401",)),
    Clause(
        "B-5.2-4",
        "A version rests in the stage before for as long as its risk demands.",
        ("GM-P316",),
        needs=(given("stage_rules.*.soak_hours"),),
    ),
    Clause(
        "B-5.2-5",
        "In a change freeze nothing is promoted.",
        ("GM-P317",),
        needs=(given("stage_rules.*.freeze"),),
    ),
    Clause(
        "B-5.2-6",
        "Measured results have to stay within the limits that the organisation accepts.",
        ("GM-P319", "GM-P320"),
        needs=(given("conditions"),),
    ),
    Clause(
        "B-5.2-7",
        "Where the risk is high only formats are served that cannot run code.",
        ("GM-P321",),
        needs=(given("stage_rules.*.formats"),),
    ),
)
VERSIONING: tuple[Clause, ...] = (*_SCOPE, *_IDENTIFICATION, *_COVERED, *_APPROVAL)
