"""What was approved is what lands, and who judges makes no difference: properties over random edits and processes.

Beside this stand: matching against brute force (``test_quorum_properties.py``, ``test_matching.py``), one more approval
(``test_policy_properties.py``), unrelated merges and rebases (``test_lasting_approvals.py``), and four judges over 200
transitions (``test_one_verdict.py``).
"""

import ast
import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from gitops_models.policy.render.jsons import to_json
from gitops_models.verification.proposal import evaluate
from gitops_models.workflows.review import add, decide
from tests.security.test_policy_properties import edited, one_more
from tests.support import policy as documents
from tests.support.stories import stage_file, two_models

SWEEP = bool(os.environ.get("GM_SWEEP"))

# Any edit of a governed byte


@pytest.fixture(scope="module")
def approved(told, tmp_path_factory):
    """A registry, and a change of several files that a lead has approved."""
    registry = told(two_models).copy(tmp_path_factory.mktemp("approved") / "r")
    edits = {**stage_file(registry, "1.0.0"), **documents.cause_file(), **documents.version_files("1.7.0")}
    edits["models/fraud/model.yaml"] = documents.model_yaml(owners=["somebody"])
    head = registry.commit(edits)
    asked, session = evaluated(registry, head), registry.session("lead")
    signer = session.signer()
    add(session, asked.change_id, decide(session, asked, session.actor(signer), signer, decision="approve", reason=""))
    return registry, head, edits


def evaluated(registry, head):
    return evaluate(registry.store, registry.history(), head, registry.ledger, at=registry.clock.now())


def judged(registry, head):
    """The change id of a commit and who counts for it."""
    found = evaluated(registry, head)
    counted = {one.person for quorum in found.verdict.quorums for one in quorum.counted}
    return found.change_id, counted


@pytest.mark.sweep
@settings(max_examples=1000 if SWEEP else 40, phases=[Phase.generate], database=None)
@given(number=st.integers(0, 1 << 40))
def test_no_approval_counts_for_a_change_of_which_anything_was_edited(approved, number):
    """Fails where the id is made of paths alone, or of documents as they are read instead of bytes."""
    registry, head, edits = approved
    change, counted = judged(registry, head)
    assert counted == {"lead"}
    files = edited(random.Random(number), edits)
    gone = dict.fromkeys(edits.keys() - files.keys() - {"models/fraud/model.yaml"})
    model = {} if "models/fraud/model.yaml" in files else {"models/fraud/model.yaml": documents.model_yaml()}
    other, counting = judged(registry, registry.commit({**files, **gone, **model}, parents=[head]))
    assert other != change
    assert counting == set()


# The same verdict in any process

CASES = 60
SAYS = """
import sys
from tests.security.test_properties import said
print(said(int(sys.argv[1]), int(sys.argv[2])))
"""
ZONES = ["UTC", "Pacific/Kiritimati", "America/St_Johns", "Asia/Kathmandu"]
LOCALES = ["C", "C.UTF-8", "tr_TR.UTF-8", "de_DE.ISO-8859-1"]
elsewhere = st.fixed_dictionaries(
    {
        "PYTHONHASHSEED": st.integers(0, 2**32 - 1).map(str),
        "TZ": st.sampled_from(ZONES),
        "LC_ALL": st.sampled_from(LOCALES),
        "PYTHONUTF8": st.sampled_from(["0", "1"]),
    }
)


def said(first, count):
    """Verdicts over as many random registries, changes, people and policies, as JSON."""
    verdicts = (verdict for number in range(first, first + count) for verdict in one_more(number))
    return json.dumps([to_json(verdict) for verdict in verdicts])


@pytest.mark.sweep
@settings(max_examples=30 if SWEEP else 3, phases=[Phase.generate], database=None)
@given(settings_=elsewhere, first=st.integers(0, 1 << 40))
def test_two_processes_give_the_same_verdicts_to_the_byte(tmp_path_factory, settings_, first):
    """Fails where findings come in the order of a set: the hash seed of this process is another."""
    root = Path(__file__).resolve().parents[2]
    environment = {**os.environ, **settings_, "PYTHONPATH": str(root)}
    command = [sys.executable, "-c", SAYS, str(first), str(CASES)]
    folder = tmp_path_factory.mktemp("elsewhere ü")
    ran = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=240)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.strip() == said(first, CASES)


CLOCKS = frozenset({"now", "utcnow", "today", "monotonic", "localtime", "getenv", "environ", "getcwd", "cwd"})


@pytest.mark.parametrize("layer", ["registry", "policy"])
def test_whoever_judges_has_no_clock_no_environment_and_no_folder_to_ask(repository_root, layer):
    """Imports of modules that could are refused by the linter; this is what ``datetime`` and ``pathlib`` would give."""
    found = set()
    for path in sorted((repository_root / "gitops_models" / layer).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CLOCKS:
                found.add(f"{path.name}:{node.lineno} {node.func.attr}")
    assert not found
