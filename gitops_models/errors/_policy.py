"""Codes GM-Pnnn: what the judge finds (POLICY.md section 3) and what is wrong with a policy document."""

from gitops_models.errors.codes import Code, Exit

_FORM = {
    "GM-P000": Code("nothing changes", Exit.DENIED, "the branch is already merged; make the change anew"),
    "GM-P001": Code("a governed document is not valid", Exit.DENIED, "correct the file as the message says"),
    "GM-P002": Code("identity differs from the path", Exit.DENIED, "make the names in the file those of its path"),
    "GM-P003": Code("path, mode or name not allowed", Exit.DENIED, "only plain files (mode 100644) under known names"),
    "GM-P004": Code("policy and models in one change", Exit.DENIED, "propose the policy and the models separately"),
    "GM-P005": Code("no reason given", Exit.DENIED, "give a reason with `-m`; by hand it is the trailer Gm-Reason"),
    "GM-P006": Code("more than one model", Exit.DENIED, "propose one model at a time, or allow multi_model"),
    "GM-P007": Code("address with user information", Exit.DENIED, "leave user and password out of the address"),
}
_IMMUTABILITY = {
    "GM-P101": Code("released version edited or removed", Exit.DENIED, "register a new version with `gm register`"),
    "GM-P102": Code("add-only record edited or removed", Exit.DENIED, "restore the file and add a record beside it"),
    "GM-P103": Code("record number out of sequence", Exit.DENIED, "number records 1, 2, 3 and so on without gaps"),
    "GM-P104": Code("pointers and lineage differ", Exit.DENIED, "each artifact of the lineage has one pointer file"),
    "GM-P105": Code("pointer says other bytes than the lineage", Exit.DENIED, "register the version again"),
    "GM-P106": Code("weights already released", Exit.DENIED, "use the version that holds these weights"),
    "GM-P107": Code("version tag is wrong", Exit.DENIED, "run `gm tag --restore`"),
    "GM-P108": Code("version tag is missing", Exit.DENIED, "run `gm tag`"),
    "GM-P109": Code("pointer is not plain", Exit.DENIED, "a pointer names one output with md5, size and path only"),
}
_LINEAGE = {
    "GM-P201": Code("lineage lacks a required field", Exit.DENIED, "register again with the flag that fills the field"),
    "GM-P202": Code("artifact role not covered", Exit.DENIED, "add an artifact or list the role as not_applicable"),
    "GM-P203": Code("model without a document", Exit.DENIED, "keep models/<model>/model.yaml; it names the risk"),
    "GM-P204": Code("author is not the signer", Exit.DENIED, "the author registers and signs the version"),
    "GM-P205": Code("base does not exist", Exit.DENIED, "name a version that is registered"),
    "GM-P206": Code("bytes are absent", Exit.DENIED, "upload them: `gm register` pushes to the DVC remote"),
    "GM-P210": Code("lineage from the future", Exit.DENIED, "set your clock, and give the time at which it was made"),
}
_PROMOTION = {
    "GM-P301": Code("stage skipped or unknown", Exit.DENIED, "promote stage by stage: `gm promote --through`"),
    "GM-P302": Code("stage does not pin the lineage", Exit.DENIED, "let `gm promote` or `gm rollback` write it"),
    "GM-P303": Code("version does not exist", Exit.DENIED, "register the version first"),
    "GM-P304": Code("version is quarantined", Exit.DENIED, "promote another version, or have the quarantine released"),
    "GM-P305": Code("model or version suspended or retired", Exit.DENIED, "have the model resumed with `gm resume`"),
    "GM-P306": Code("stage is held", Exit.DENIED, "lift the hold with its root cause: `gm lift`"),
    "GM-P307": Code("evidence is missing", Exit.DENIED, "add it: `gm promote --evidence FILE`"),
    "GM-P308": Code("evidence failed or was revoked", Exit.DENIED, "another signer has to show that it passes"),
    "GM-P309": Code("evidence is not independent", Exit.DENIED, "let a workload or an uninvolved person sign it"),
    "GM-P310": Code("evidence names another signer", Exit.DENIED, "whoever is named under `by` signs the commit"),
    "GM-P311": Code("evidence speaks for other bytes", Exit.DENIED, "list the sha256 of the version's artifacts"),
    "GM-P312": Code("evidence out of time", Exit.DENIED, "give the time at which it was made"),
    "GM-P313": Code("revocation without authority", Exit.DENIED, "its signer or an approver revokes evidence"),
    "GM-P314": Code("interface does not fit a consumer", Exit.DENIED, "register a version with the outputs they need"),
    "GM-P315": Code("policy is blocked", Exit.DENIED, "restore the accepted policy first; rollbacks work meanwhile"),
}
_TIME_AND_FIGURES = {
    "GM-P316": Code("version has not soaked", Exit.DENIED, "let it serve in the stage before for that long"),
    "GM-P317": Code("change freeze", Exit.DENIED, "promote after it; rollbacks are free at any time"),
    "GM-P318": Code("evidence is too old", Exit.DENIED, "examine the version again and add the result"),
    "GM-P319": Code("condition of the policy not met", Exit.DENIED, "promote a version whose figures keep the limit"),
    "GM-P320": Code("no figure to judge a condition by", Exit.DENIED, "measure it: evidence with the metric"),
    "GM-P321": Code("file format not allowed", Exit.DENIED, "export it in a listed format and register a new version"),
    "GM-P322": Code("too many violations without an audit", Exit.DENIED, "add evidence of type external-audit"),
}
_PROVENANCE = {
    "GM-P330": Code("provenance is missing", Exit.DENIED, "have the workload attach it: `gm attest REF` in its CI job"),
    "GM-P331": Code("provenance does not hold", Exit.DENIED, "have the named workload sign where the version is from"),
    "GM-P332": Code("no such provenance workload", Exit.DENIED, "declare it in people.yaml with may: [provenance]"),
    "GM-P333": Code("attached signature is none", Exit.DENIED, "let `gm attest` write it"),
}
_APPROVAL = {
    "GM-P401": Code("approvals are missing", Exit.DENIED, "ask for a review: `gm approve`"),
    "GM-P402": Code("rejected by an approver", Exit.DENIED, "settle it with the reviewer, who can withdraw"),
    "GM-P403": Code("proposer may not do this", Exit.DENIED, "let somebody with the role propose it"),
    "GM-P404": Code("no acceptance yet", Exit.DENIED, "merge with `gm merge`, which records the acceptance"),
}
_TRAINING = {
    "GM-P410": Code("proposer without valid training", Exit.DENIED, "note it: `gm trust people train ID TOPIC DATE`"),
}
_ROLLBACK = {
    "GM-P501": Code("not a rollback target", Exit.DENIED, "choose a version below the live one: `gm rollback --to`"),
    "GM-P502": Code("rollback touches other files", Exit.DENIED, "change stage, hold, cause and quarantine only"),
    "GM-P503": Code("workload rolls back too deep", Exit.DENIED, "automation goes to the last known good only"),
    "GM-P504": Code(
        "quarantined version stays live",
        Exit.DENIED,
        "take it out of every stage in the same change: `gm rollback MODEL --stage STAGE --quarantine`",
    ),
    "GM-P531": Code("rolled back without a hold", Exit.DENIED, "place it with the rollback: leave out `--no-hold`"),
    "GM-P505": Code("hold lifted without a root cause", Exit.DENIED, "link it: `gm lift --root-cause URL`"),
    "GM-P510": Code(
        "no earlier good version", Exit.NOT_FOUND, "promote another version, or undeploy the stage; see `gm log`"
    ),
    "GM-P511": Code("never live below the present one", Exit.NOT_FOUND, "see `gm log`; promote a popped version anew"),
    "GM-P512": Code(
        "bytes of the last known good are absent",
        Exit.EXTERNAL,
        "put them back into the DVC remote, or choose an older version with `--to`",
    ),
    "GM-P506": Code("record names another signer", Exit.DENIED, "whoever is named under `by` signs the commit"),
    "GM-P507": Code("quarantine names fewer bytes", Exit.DENIED, "list every digest that stands, or have it released"),
}
_LIFE = {
    "GM-P520": Code(
        "retired and still live", Exit.DENIED, "roll back or promote another version first, or add `--undeploy`"
    ),
}
_EMERGENCY = {
    "GM-P601": Code("no role for emergencies", Exit.DENIED, "let somebody with an emergency role of the policy do it"),
    "GM-P602": Code("emergency without incident or reason", Exit.DENIED, "give both: --incident ID -m WHY"),
    "GM-P603": Code(
        "emergency to another version",
        Exit.DENIED,
        "an emergency goes to the last known good version; roll back further with `gm rollback --to`",
    ),
    "GM-P604": Code("bad version not captured", Exit.DENIED, "quarantine what is taken out of service with it"),
    "GM-P605": Code("emergency skips what it may not", Exit.DENIED, "let `gm rollback --emergency` write the hold"),
    "GM-P606": Code("emergency not ratified", Exit.DENIED, "have others look at it: `gm approve --ratify`"),
    "GM-P607": Code("no emergencies under this policy", Exit.DENIED, "roll back with approvals: `gm rollback`"),
    "GM-P608": Code("emergency touches other files", Exit.DENIED, "change stage, hold, cause and quarantine only"),
}
_AUTOMATION = {
    "GM-P508": Code("rolled back too often", Exit.DENIED, "look at the cause first; a person may roll back"),
    "GM-P509": Code("last known good version is too old", Exit.DENIED, "let a person look at it and roll back"),
}
_REVERSIBILITY = {
    "GM-P901": Code(
        "no way back",
        Exit.DENIED,
        "promote a version that fits first, or say in the policy what to do instead: rollback.degrade",
    ),
    "GM-P902": Code(
        "restored version does not fit a consumer",
        Exit.DENIED,
        "restore one that fits, or say what does not work: `gm rollback --degraded TEXT`",
    ),
}
_SELECTION = {
    "GM-P521": Code("target made from the poisoned input", Exit.DENIED, "go further back: `gm rollback --before-data`"),
    "GM-P522": Code(
        "not made from the poisoned input", Exit.DENIED, "name only versions that descend from it; gm finds them"
    ),
    "GM-P523": Code("not the declared fallback", Exit.DENIED, "serve what the policy names under rollback.degrade"),
    "GM-P524": Code("fallback may not be served", Exit.DENIED, "name another fallback in the policy"),
    "GM-P525": Code("fallback without need", Exit.DENIED, "roll back to the last known good version: `gm rollback`"),
    "GM-P526": Code("no retention decided", Exit.DENIED, "say in the policy under `retention` how long and who agrees"),
    "GM-P527": Code("bytes still needed", Exit.DENIED, "keep them, or end what needs them first"),
    "GM-P528": Code("bytes kept for longer", Exit.DENIED, "wait until the policy's `keep_days` are over"),
    "GM-P529": Code("not the version's own bytes", Exit.DENIED, "let `gm retire --delete-bytes` write the record"),
    "GM-P530": Code("bytes were deleted", Exit.DENIED, "choose another version, or register it again as a new one"),
}
_GOVERNANCE = {
    "GM-P701": Code("no policy", Exit.DENIED, "write one with `gm init`; no policy means deny"),
    "GM-P702": Code("policy version does not grow", Exit.DENIED, "raise `version` by one"),
    "GM-P703": Code("a quorum in use cannot be met", Exit.DENIED, "keep enough distinct people for every role in use"),
    "GM-P704": Code("a stage in use is dropped", Exit.DENIED, "undeploy the stage first"),
    "GM-P705": Code("repository identity changes", Exit.DENIED, "keep `id`, `line` and the models root"),
    "GM-P706": Code("a ruling document is removed", Exit.DENIED, "keep gm.yaml, the policy and the people"),
    "GM-P707": Code("unknown profile", Exit.USAGE, "choose solo, minimal or regulated"),
    "GM-P708": Code("waiver of what cannot be waived", Exit.DENIED, "meet the rule, or have the policy changed"),
    "GM-P709": Code("waiver names another signer", Exit.DENIED, "whoever is named under `by` signs the commit"),
}
_HISTORY = {
    "GM-P801": Code("commit is not signed by a known key", Exit.DENIED, "sign it with a key from people.yaml"),
    "GM-P802": Code("committer e-mail is not the signer's", Exit.DENIED, "commit with your own user.email"),
    "GM-P803": Code("merge is not signed by a known key", Exit.DENIED, "merge with `gm merge`"),
    "GM-P804": Code("merge brings content of its own", Exit.DENIED, "merge again without editing governed files"),
    "GM-P805": Code("nobody signed this content", Exit.DENIED, "propose the file in a signed commit"),
}

CODES = {
    **_FORM,
    **_IMMUTABILITY,
    **_LINEAGE,
    **_PROMOTION,
    **_TIME_AND_FIGURES,
    **_PROVENANCE,
    **_APPROVAL,
    **_TRAINING,
    **_ROLLBACK,
    **_LIFE,
    **_SELECTION,
    **_EMERGENCY,
    **_AUTOMATION,
    **_GOVERNANCE,
    **_HISTORY,
    **_REVERSIBILITY,
}
