"""Codes GM-R6nn: triggers, their sources, and what automation does about them."""

from gitops_models.errors.codes import Code, Exit

CODES = {
    "GM-R601": Code(
        "trigger names an unknown source",
        Exit.NOT_FOUND,
        "name the source under `sources:` in the operator's file, or correct `use:` in triggers.yaml",
    ),
    "GM-R602": Code(
        "source cannot be reached", Exit.EXTERNAL, "check address, network and certificate; no answer is no data"
    ),
    "GM-R603": Code("source refuses or answers nonsense", Exit.EXTERNAL, "ask it the query by hand; see what it says"),
    "GM-R604": Code("no token for a source", Exit.EXTERNAL, "put the token into the file that is named"),
    "GM-R605": Code(
        "alert receiver cannot be used", Exit.EXTERNAL, "choose another port, and a token of at least 24 characters"
    ),
    "GM-R606": Code("query does not fit its source", Exit.USAGE, "correct `query:` in triggers.yaml"),
    "GM-R607": Code("trigger watches a stage that is not there", Exit.NOT_FOUND, "correct `stages:` in triggers.yaml"),
    "GM-R610": Code(
        "restoration cannot be read", Exit.INTEGRITY, "remove the file; the monitor writes it again where it has to"
    ),
    "GM-R611": Code(
        "restoration of something else than the last known good",
        Exit.DENIED,
        "remove the file; what Git says is served again",
    ),
    "GM-R612": Code(
        "restoration where automation may only propose",
        Exit.DENIED,
        "let a person land the rollback; from high risk on automation restores nothing",
    ),
    "GM-R613": Code(
        "rollback that is open and cannot land now",
        Exit.DENIED,
        "see what `gm show` says of it; close it, or open it again: until then the last known good is served",
    ),
    "GM-R620": Code(
        "Git does not ask for this version any more", Exit.CONFLICT, "nothing to do: what is served follows Git"
    ),
    "GM-R621": Code(
        "the operator's file names no monitor", Exit.USAGE, "add `monitor: {key: FILE}`: docs/how-to/monitor.md"
    ),
    "GM-R622": Code(
        "the monitor's key is no workload's",
        Exit.DENIED,
        "give it a key of its own under `workloads:` in policies/people.yaml that may roll back",
    ),
    "GM-R630": Code(
        "recording cannot be replayed", Exit.USAGE, "one JSON object a line: time, trigger, and value, values or error"
    ),
}
