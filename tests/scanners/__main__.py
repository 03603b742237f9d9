"""``make scanner-table``: this scanner, modelscan and picklescan on the same files in one run.

None of the three loads a file. The other two run in environments of their own below ``.cache``.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from gitops_models.artifacts.scan import scan_tree
from tests.scanners.corpus import files

ROOT = Path(__file__).resolve().parent.parent.parent
PEERS = ROOT / ".cache" / "scanners"
PAGE = ROOT / "docs" / "reference" / "scanner.md"
BLOCKED, PASSED, UNSAID, ERROR = "blocked", "passed", "not looked into", "error"
VERSIONS = {"modelscan": "0.8.8", "picklescan": "1.0.5"}
MODELSCAN = """
import json, sys, logging
logging.disable(logging.CRITICAL)
from modelscan.modelscan import ModelScan
for path in json.load(sys.stdin):
    try:
        found = ModelScan().scan(path)
    except Exception:
        print("error")
        continue
    summary = found["summary"]
    if summary["total_issues"] or found["errors"]:
        print("blocked" if summary["total_issues"] else "error")
    else:
        print("passed" if summary["scanned"]["total_scanned"] else "not looked into")
"""
PICKLESCAN = """
import json, sys, logging
logging.disable(logging.CRITICAL)
from picklescan.scanner import scan_file_path
for path in json.load(sys.stdin):
    try:
        found = scan_file_path(path)
    except Exception:
        print("error")
        continue
    if found.issues_count or found.scan_err:
        print("blocked" if found.issues_count else "error")
    else:
        print("passed" if found.scanned_files else "not looked into")
"""
HEAD = """\
# The scanner beside others

Written by `make scanner-table`, which gives the same files to the three in one run, through their Python
interfaces; none loads a file. "Blocked" is any finding, of whatever severity. "Error" says that the file could not
be read: who takes that for a no is safe, and does without the clean files that end so too. "Not looked into" is a
file that was passed over without a word. This scanner fails closed: what it cannot read is a finding, and counts as
blocked. What it does and what is out of its reach: [explanation](../explanation/scanner.md).

"""


def ours(paths):
    """This scanner's word on each file."""
    return [PASSED if scan_tree(path).clean else BLOCKED for path in paths]


def peer(name, script, paths):
    """Another scanner's word on each file, in an environment of its own."""
    python = PEERS / VERSIONS[name] / name / "bin" / "python"
    asked = json.dumps([str(path) for path in paths])
    done = subprocess.run([python, "-c", script], input=asked, capture_output=True, text=True, check=False, timeout=600)
    said = [line for line in done.stdout.splitlines() if line in {BLOCKED, PASSED, UNSAID, ERROR}]
    if done.returncode or len(said) != len(paths):
        raise SystemExit(f"{name} ended with {done.returncode}: {done.stderr[-2000:]}")
    return said


def table(rows, said):
    """The page's two tables and the sums below them."""
    heads = ["gm", *(f"{name} {version}" for name, version in VERSIONS.items())]
    for bad, title in ((True, "Files that run code"), (False, "Clean files")):
        yield f"## {title}\n\n| File | {' | '.join(heads)} |\n|---|{'---|' * len(heads)}\n"
        right = BLOCKED if bad else PASSED
        chosen = [number for number, (_, _, hostile) in enumerate(rows) if hostile == bad]
        for number in chosen:
            cells = (words[number] if words[number] == right else f"**{words[number]}**" for words in said)
            yield f"| {rows[number][0]} | {' | '.join(cells)} |\n"
        sums = (f"{sum(words[number] == right for number in chosen)} of {len(chosen)}" for words in said)
        yield f"| **{right}** | {' | '.join(sums)} |\n\n"


def main():
    """Write the page; 1 where this scanner is wrong about a file."""
    with tempfile.TemporaryDirectory(prefix="gm-scanners-") as folder:
        rows = list(files(Path(folder)))
        paths = [path for _, path, _ in rows]
        began = time.perf_counter()
        said = [ours(paths)]
        took = time.perf_counter() - began
        said += [peer("modelscan", MODELSCAN, paths), peer("picklescan", PICKLESCAN, paths)]
    PAGE.write_text(HEAD + "".join(table(rows, said)).rstrip() + "\n", encoding="utf-8")
    wrong = [name for (name, _, bad), word in zip(rows, said[0], strict=True) if (word == BLOCKED) != bad]
    print(f"{len(rows)} files, {took:.2f} s for gm; wrong: {wrong or 'none'}; see {PAGE.relative_to(ROOT)}")  # noqa: T201
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
