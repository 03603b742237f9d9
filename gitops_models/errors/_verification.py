"""Codes GM-T6nn: history as a whole."""

from gitops_models.errors.codes import Code, Exit

CODES = {
    "GM-T600": Code(
        "history was rewritten",
        Exit.INTEGRITY,
        "do not deploy from it; compare with a colleague's clone, restore the branch, and only then run it again",
    ),
    "GM-T601": Code(
        "a step is not accepted",
        Exit.INTEGRITY,
        "see `gm verify`; bring the files back with `gm restore`, or have the missing approvals signed",
    ),
    "GM-T602": Code(
        "the policy went back",
        Exit.INTEGRITY,
        "its acceptance was lost at the remote: `gm trust ledger restore` from a clone that saw it",
    ),
    "GM-T610": Code(
        "the line does not hold a checkpoint",
        Exit.INTEGRITY,
        "history was rewritten, or this is an older view of it: do not deploy; fetch, and compare with another clone",
    ),
    "GM-T611": Code(
        "not allowed to make checkpoints",
        Exit.DENIED,
        "sign with a workload's key that policies/people.yaml lets: `may: [checkpoint]`",
    ),
    "GM-T612": Code(
        "checkpoint of another repository or line", Exit.INTEGRITY, "it proves nothing here; see who put it there"
    ),
    "GM-T613": Code(
        "checkpoints contradict each other",
        Exit.INTEGRITY,
        "look at the clock and the key of the workload that signs them; take its right away while in doubt",
    ),
    "GM-T614": Code(
        "an acceptance contradicts a checkpoint",
        Exit.INTEGRITY,
        "its time is not true: `gm verify --explain STEP` says who signed it",
    ),
    "GM-T615": Code(
        "not what a checkpoint saw",
        Exit.INTEGRITY,
        "acceptances were lost or came in afterwards: `gm trust ledger restore` from a clone that saw them",
    ),
    "GM-T617": Code(
        "nothing bounds what a compromised key touched",
        Exit.INTEGRITY,
        "`since` in policies/people.yaml names a commit that is not here: name the last commit before it was lost",
    ),
    "GM-T618": Code(
        "touched by a compromised key",
        Exit.INTEGRITY,
        "look at it again; register and promote what is still good with other keys, quarantine the rest",
    ),
    "GM-T620": Code("a version tag is gone", Exit.INTEGRITY, "see `gm verify`; `gm tag --restore` makes it anew"),
    "GM-T621": Code(
        "a version tag was moved", Exit.INTEGRITY, "delete it where it is wrong, then `gm tag --restore` makes it anew"
    ),
    "GM-T622": Code(
        "a version tag was swapped for another's",
        Exit.INTEGRITY,
        "delete it where it is wrong, then `gm tag --restore` makes it anew",
    ),
    "GM-T623": Code(
        "a version tag is lightweight", Exit.INTEGRITY, "delete it, then `gm tag --restore` makes a signed one"
    ),
    "GM-T624": Code(
        "a version tag is not signed by who may",
        Exit.INTEGRITY,
        "delete it, then `gm tag --restore` makes one that somebody known signed",
    ),
    "GM-T625": Code(
        "the remote has another version tag",
        Exit.INTEGRITY,
        "compare them; push the good one back: `git push --force-with-lease REMOTE refs/tags/TAG`",
    ),
    "GM-T616": Code(
        "STALE",
        Exit.EXTERNAL,
        "run `gm trust checkpoint` as the workload that makes them, and see whether the remote shows the newest line",
    ),
}
