"""What is wrong with a workflow: rules that hold for every file, and those of the gate."""

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".github" / "workflows"
EVIDENCE = re.compile(r"^\| *`?(?P<action>[\w.-]+/[\w./-]+)`? *\| *`?(?P<sha>[0-9a-f]{40})`? *\| *\S", re.MULTILINE)
GATE_TRIGGERS = {"pull_request_target", "merge_group", "workflow_run"}
GATE_PERMISSIONS = {"contents": "read", "checks": "write", "pull-requests": "write"}
# The lines of the gate that may speak of a head, or make files, word for word. HEAD of its bare repository is the
# default branch.
ALLOWED = {
    '[[ $HEAD_SHA =~ ^[0-9a-f]{40}$ ]] || { echo "::error::the event names no head commit"; exit 1; }',
    '"+refs/heads/${BASE_REF#refs/heads/}:refs/gate/base" "+$HEAD_SHA:refs/gate/head"',
    """git -C gate.git show HEAD:gm.yaml 2>/dev/null | grep -Eq '^forge: *"?github"? *$'; then""",
    'check = {"name": "gm-policy", "head_sha": os.environ["HEAD_SHA"], "status": "in_progress"}',
    """if ! git -C gate.git show HEAD:gm.yaml 2>/dev/null | grep -Eq '^forge: *"?github"? *$'; then""",
    "base=${MERGE_GROUP_BASE:-$(git -C gate.git rev-parse refs/gate/base)}",
    "head=$(git -C gate.git rev-parse refs/gate/head)",
    'gm -C gate.git --no-input check --base "$base" --head "$head" --format github',
    "heads=$HEAD_SHA",
    'heads=$(git -C gate.git rev-list --first-parent --reverse --parents "$MERGE_GROUP_BASE..refs/gate/head" |',
    "export heads",
    'numbers = {oid: [] for oid in os.environ["heads"].split()}',
    "with ask(urllib.request.Request(url + str(page), headers=token), timeout=60) as answer:",
    'numbers.get(pull["head"]["sha"], []).append(int(pull["number"]))',
    'raise SystemExit("a step of the group brings in what no open pull request has as its head")',
    '[ -n "$numbers" ] || echo "::notice::no open pull request has this head any more"',
}
NEEDS_LEAVE = re.compile(
    r"(?i:head(?!s/))|\b(checkout|worktree|reset|switch|restore|clone|eval|source|submodule|archive)\b"
)
INSTALL = (
    "command -v gm && exit 0 # the runner brings it",
    'python3 -I -m venv "$RUNNER_TEMP/gm"',
    '"$RUNNER_TEMP/gm/bin/pip" install --quiet "gitops-models==$GM_VERSION"',
)
# What makes files of fetched objects, or runs what is named by a path, comes from a pipe or lies in the work folder.
FOREIGN = re.compile(
    r"\b(archive|checkout|checkout-index|worktree|clone|restore|reset|switch|submodule|unpack-file|read-tree|work-tree)\b"
    r"|\b(eval|source|exec|tar|unzip|cpio|make|npm|node|pip|pipx|uv|uvx|curl|wget|chmod)\b"
    r"|\b(bash|sh|env|xargs)\b|(^|[\s;&|(\"'=])\.{1,2}/|(^|[;&|(])\s*\.\s|python3(?! -I (-|-c '[^']*')(\s|$))"
)
# Who may set a repository's variables is nobody whom the gate trusts: what they may choose, and that judges it again.
VARIABLES = {"GM_PIN", "GM_SIGSTORE", "GM_APP_ID"}


def load(text):
    """The document; YAML 1.1 reads the key ``on`` as a truth value."""
    document = yaml.safe_load(text)
    return {("on" if key is True else key): value for key, value in document.items()}


def triggers(document):
    """The events with their settings, however they were written."""
    found = document["on"]
    if isinstance(found, str):
        return {found: None}
    return dict.fromkeys(found) if isinstance(found, list) else found


def steps(document):
    """Every step of every job, or of a composite action."""
    jobs = document.get("jobs") or {"action": document.get("runs", {})}
    return [step for job in jobs.values() for step in job.get("steps", ())]


def scripts(document):
    """Every shell script."""
    return [step["run"] for step in steps(document) if "run" in step]


def uses(document):
    """Every action and reusable workflow that is named."""
    named = [step["uses"] for step in steps(document) if "uses" in step]
    return named + [job["uses"] for job in document.get("jobs", {}).values() if "uses" in job]


def evidence(text):
    """The rows of docs/reference/actions.md: ``action@sha``."""
    return {f"{row['action']}@{row['sha']}" for row in EVIDENCE.finditer(text)}


def problems(document, known=frozenset()):
    """What no workflow and no action may do."""
    found = [f"interpolates in a script: {line.strip()}" for line in _lines(document) if "${{" in line]
    found += [f"writes the environment of later steps: {line.strip()}" for line in _lines(document) if _leaks(line)]
    found += [f"no evidence for {name}" for name in uses(document) if name not in known]
    if "jobs" in document:
        found += [] if document.get("permissions") == {} else ["permissions at the top are not {}"]
        for name, job in document["jobs"].items():
            found += [] if isinstance(job.get("permissions"), dict) else [f"{name} states no permissions"]
            found += [] if "timeout-minutes" in job else [f"{name} has no timeout"]
    return found


def gate_problems(document, known=frozenset()):
    """What the gate may not do beyond that."""
    found = problems(document, known)
    events = triggers(document)
    found += [] if set(events) == GATE_TRIGGERS else [f"triggers: {', '.join(sorted(events))}"]
    found += [] if (events.get("workflow_run") or {}).get("workflows") == ["gm-review-ping"] else ["other workflow_run"]
    for name, job in document["jobs"].items():
        found += [] if job.get("permissions") == GATE_PERMISSIONS else [f"permissions of {name}"]
        found += [f"{name} may be skipped, which counts as passed"] if "if" in job else []
        found += [f"{name} goes on after a failure"] if "continue-on-error" in job else []
    found += [f"a step may be skipped: {step.get('name')}" for step in steps(document) if "if" in step]
    found += [f"names a secret: {step.get('name')}" for step in steps(document) if "secrets." in str(step)]
    for line in map(str.strip, _lines(document)):
        needs = not line.startswith("#") and NEEDS_LEAVE.search(line)
        found += [f"touches the head: {line}"] if needs and line not in ALLOWED else []
    return found


def foreign(document):
    """What may run something of the repository that was fetched; ``gm`` itself reads it as data."""
    shell = [
        re.sub(r"<<'(PYTHON)'.*?^PYTHON$", "", script, flags=re.DOTALL | re.MULTILINE) for script in scripts(document)
    ]
    lines = [line.strip() for script in shell for line in script.splitlines()]
    found = [line for line in lines if line not in INSTALL and not line.startswith("#")]
    named = re.findall(r"\bvars\.(\w+)", str(document))
    odd = [f"chosen by a variable: {name}" for name in named if name not in VARIABLES]
    return odd + [f"may run what was fetched: {line}" for line in found if FOREIGN.search(line)]


def _lines(document):
    return [line for script in scripts(document) for line in script.splitlines()]


def _leaks(line):
    return "GITHUB_ENV" in line or "GITHUB_PATH" in line
