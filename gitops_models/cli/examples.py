"""Examples for the help of every verb: commands that can be copied, with what they do."""

EVERYWHERE = "Global options (-C, --json, -q, -v, --no-input, --yes) go before or after the verb: see `gm --help`."

EXAMPLES = {
    "init": (
        "gm init --profile solo",
        "gm init --profile minimal --remote git@git.example:ml/registry.git --dvc-remote s3://models/registry",
    ),
    "doctor": ("gm doctor", "gm -C /srv/registry.git doctor", "gm doctor --forge"),
    "demo": ("gm demo", "gm demo --keep /tmp/gm-demo", "gm demo --script > demo.sh"),
    "register": (
        'gm register fraud model.onnx -m "retrained on October"',
        'gm register fraud model.onnx training-code=train.py --metrics metrics.json --risk low --merge -m "first"',
        'gm register fraud model.onnx --data transactions=s3://lake/tx@2026-10-31 --bump patch -m "new seed"',
    ),
    "evidence": (
        'gm evidence fraud@1.2.0 --type evaluation --metrics holdout.json --report report.html -m "October holdout"',
    ),
    "attest": (
        'gm attest fraud@1.2.0 -m "built by CI"',
        'gm attest fraud@1.2.0 --oms -m "provenance and model.sig"',
    ),
    "promote": (
        'gm promote fraud@1.2.0 -m "better on October"',
        'gm promote fraud --through production --merge -m "go live"',
        'gm promote fraud@1.2.0 --to production --lift-hold --root-cause https://wiki/inc-412 -m "fixed"',
    ),
    "proposals": ("gm proposals", "gm proposals --waiting-for-me"),
    "show": ("gm show fraud", "gm show fraud@1.2.0", "gm show 3fa9c1d2"),
    "check": (
        "gm check 3fa9c1d2",
        "gm check --base origin/main --head HEAD --format github",
        "gm check --pr 12 --post",
        "gm check 3fa9c1d2 --simulate what-if.json",
        "gm check --policy-tests policies/tests",
    ),
    "approve": (
        "gm approve 3fa9c1d2",
        "gm approve 3fa9c1d2 --change 7be01c44",
        'gm approve 3fa9c1d2 --reject -m "no security scan"',
        "gm approve 3fa9c1d2 --out decision.json",
        'gm approve --ratify fraud#production -m "looked at INC-412: right to go back"',
    ),
    "merge": ("gm merge 3fa9c1d2", "gm merge fraud@1.2.0", "gm merge --from emergency.bundle"),
    "receipt": ("gm receipt --dry-run", "gm receipt --sign keyless", "gm receipt --sign key --json"),
    "reconcile": (
        "gm reconcile --dir ../serving --once",
        "gm reconcile --dir /srv/models --stage production",
        "gm reconcile --config /etc/gm/reconciler.yaml",
        "gm reconcile --config /etc/gm/reconciler.yaml --override hold.json --once",
    ),
    "serve": ("gm serve ../serving", "gm serve /srv/models --stage staging --listen 127.0.0.1:9000 --no-watch"),
    "monitor": (
        "gm monitor --config /etc/gm/reconciler.yaml",
        "gm monitor --config /etc/gm/reconciler.yaml --once --json",
        "gm monitor --replay signals.jsonl --model fraud",
    ),
    "status": ("gm status", "gm status fraud --exit-code"),
    "rollback": (
        'gm rollback fraud -m "scores drift since Monday"',
        'gm rollback fraud --to 1.0.0 --cause poisoning --incident INC-412 --quarantine --merge -m "poisoned labels"',
        'gm rollback fraud --emergency --incident INC-412 -m "scores of others are shown"',
        'gm rollback fraud --bundle emergency.bundle -m "the forge is down"',
        'gm rollback fraud --override hold.json --hours 12 -m "the forge is down"',
    ),
    "drill": (
        "gm drill fraud --dry-run",
        "gm drill --stage production --config /etc/gm/reconciler.yaml",
    ),
    "quarantine": ('gm quarantine fraud@1.2.0 --cause poisoning -m "poisoned labels"',),
    "lift": ('gm lift fraud --stage production --root-cause https://wiki/inc-412 -m "pipeline repaired"',),
    "cause": (
        'gm cause open fraud inc-412 --cause poisoning -m "labels changed by a stranger"',
        'gm cause resolve fraud inc-412 --root-cause "open bucket, closed" -m "bucket closed"',
    ),
    "suspend": ('gm suspend fraud -m "audit finding 7 is open"',),
    "resume": ('gm resume fraud --merge -m "audit finding 7 is settled"',),
    "retire": (
        'gm retire fraud@1.0.0 -m "replaced by 1.2.0"',
        'gm retire fraud --undeploy -m "replaced by fraud-v2"',
        'gm retire fraud@1.0.0 --delete-bytes -m "kept for ten years"',
        "gm retire fraud@1.0.0 --prune",
    ),
    "restore": ('gm restore fraud -m "direct push undone"', 'gm restore policy -m "back to the accepted policy"'),
    "log": ("gm log", "gm log fraud --stage production --since 2026-10-01", "gm log --csv > log.csv"),
    "at": ("gm at 2026-11-21T10:00:00Z", "gm at 4f2a90c"),
    "verify": ("gm verify", "gm verify --explain 4f2a90c"),
    "compliance": (
        "gm compliance",
        "gm compliance --document B --format markdown > compliance.md",
        "gm compliance --exit-code",
    ),
    "list": ("gm list", "gm list fraud"),
    "diff": ("gm diff fraud@1.0.0 fraud@1.1.0", "gm diff fraud#production 1.1.0"),
    "identify": ("gm identify /srv/models/fraud/production/current/model.onnx",),
    "scan": ("gm scan model.joblib", "gm scan ./download --risk high", "gm scan fraud@1.2.0"),
    "fetch": ("gm fetch fraud#production -o ./fraud",),
    "gc": ("gm gc --dry-run", "gm gc --config /etc/gm/reconciler.yaml"),
    "tag": ("gm tag --restore",),
    "hook": ("gm hook install /srv/registry.git", "gm hook pre-commit --immutable"),
    "policy": ("gm policy show", "gm policy lint --strict", "gm policy explain GM-P401"),
    "trust": (
        "gm trust pin",
        "gm trust allowed-signers -o ~/.config/git/allowed_signers",
        "gm trust checkpoint",
        "gm trust ledger restore --dry-run",
        'gm trust people add lead-3 --email lead-3@example.org --role raio --key lead-3.pub -m "joins the team"',
        'gm trust people rotate lead-1 SHA256:47DEQpj8 --key new.pub --compromised-since 4f2a90c -m "laptop stolen"',
    ),
    "schema": ("gm schema Lineage",),
}


def epilog(verb: str) -> str:
    """The end of a verb's help; a leading backspace makes click keep the lines of a paragraph."""
    lines = [f"  {line}" for line in EXAMPLES[verb]]
    return "\n".join(["\b", "Examples:", *lines, "", EVERYWHERE])
