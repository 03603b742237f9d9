"""Codes GM-F43n and F44n: proposals that are pull requests of a forge; F45n and F46n: settings of a forge."""

from gitops_models.errors.codes import Code, Exit

CODES = {
    "GM-F430": Code(
        "no pull requests here", Exit.USAGE, "this repository's forge is Git alone: name a proposal instead"
    ),
    "GM-F431": Code(
        "the API and Git name different heads", Exit.CONFLICT, "somebody pushed, or one of them is behind: try again"
    ),
    "GM-F432": Code(
        "the merge is not what was judged",
        Exit.INTEGRITY,
        "nothing was accepted: look at the step with `gm show`, then approve or revert it",
    ),
    "GM-F434": Code(
        "somebody else's token", Exit.AUTHENTICATION, "sign in as yourself (`gh auth login`), or review there"
    ),
    "GM-F433": Code("a pull request into another branch", Exit.USAGE, "change its base, or open it again"),
    "GM-F450": Code("settings that cannot be seen", Exit.DENIED, "ask with a token that may read administration"),
    "GM-F451": Code("force pushes are allowed", Exit.DENIED, "apply the ruleset of the protected branch"),
    "GM-F452": Code("the protected branch can be deleted", Exit.DENIED, "apply the ruleset of the protected branch"),
    "GM-F453": Code("the gate is not required", Exit.DENIED, "make `gm-policy` a required check"),
    "GM-F454": Code(
        "the gate's check counts from anybody", Exit.DENIED, "require `gm-policy` from the App that posts it"
    ),
    "GM-F455": Code(
        "the gate's check counts from any workflow",
        Exit.DENIED,
        "let the organisation require the workflow, or an App of its own post the check",
    ),
    "GM-F456": Code("no pull request is needed", Exit.DENIED, "apply the ruleset of the protected branch"),
    "GM-F457": Code("merges that are no merge commits", Exit.DENIED, "allow merge commits and nothing else"),
    "GM-F458": Code(
        "a merge loses the proposal's words", Exit.DENIED, "let title and body of the pull request be the message"
    ),
    "GM-F459": Code("approvals of an older head stay", Exit.DENIED, "let a push dismiss them"),
    "GM-F460": Code("whoever pushes last can approve", Exit.DENIED, "require approval of the last push"),
    "GM-F461": Code("somebody may pass the rules by", Exit.DENIED, "take the bypass away"),
    "GM-F462": Code("a ruleset is not in force", Exit.DENIED, "set its enforcement to active"),
    "GM-F463": Code("version tags can be moved on the forge", Exit.DENIED, "apply the ruleset of version tags"),
}
