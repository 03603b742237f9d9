"""A copy of a repository that somebody hands over: nothing that its own ``.git`` says of itself is believed."""

import json
from dataclasses import replace

import pytest

from gitops_models.cli.run import run
from gitops_models.errors import GmError
from gitops_models.registry.canonical import jcs, sha256_hex
from gitops_models.store.snapshots import snapshot
from gitops_models.trust.memory import Memory, Pin, memory_path, save_memory
from gitops_models.trust.verdicts import Judged, VerdictCache
from gitops_models.verification import kept
from gitops_models.verification.attached import root_of
from gitops_models.verification.cache import cache_path, save_prefix
from gitops_models.verification.history import Step
from gitops_models.verification.receipts import Bench, Merged, hear
from gitops_models.workflows.verified import Verified, save_verified, verified_path
from tests.security.test_receipts import body_of, keyless, put, told
from tests.support import stories

UNACCEPTED = 5


@pytest.fixture
def copy(tmp_path):
    """A copy whose line ends with a promotion that nobody signed, and a prefix beside it that calls this accepted."""
    story = stories.registry(tmp_path / "r")
    story.version("fraud", "1.0.0")
    good = story.history()
    evil = story.commit(stories.stage_file(story, "1.0.0"), by="engineer", signer="unsigned", land=True)
    state = replace(good.state, snapshot=snapshot(story.store, evil, good.layout))
    steps = (*good.steps, Step(evil, len(good.steps) + 1, "untouched"))
    forged = replace(good, tip=evil, steps=steps, state=state)
    folder = story.store.common_dir
    save_memory(memory_path(folder), Memory(repository=good.repository.id, line=story.line, pin=Pin(commit=story.pin)))
    save_prefix(cache_path(folder), forged)
    save_verified(verified_path(folder), forged, Verified(len(steps)))
    return story


def verify(story, capsys, *words):
    """The exit status of gm verify and how many steps it counts."""
    status = run(["-C", str(story.path), "--json", "verify", *words])
    out = capsys.readouterr().out
    return int(status), json.loads(out[out.index("{\n") :])["steps"]


@pytest.mark.attack("hand over a copy with a verified prefix of one's own in its .git", "GM-T601", by="storage")
@pytest.mark.parametrize("words", [["--anew"], []], ids=["anew", "pin"])
def test_a_prefix_in_a_received_copy_is_not_believed(copy, capsys, words):
    files = [cache_path(copy.store.common_dir).with_name(name) for name in ("prefix.json", "steps.jsonl")]
    before = [file.read_bytes() for file in files]
    with copy.untouched():
        assert verify(copy, capsys, "--pin", copy.pin, *words) == (UNACCEPTED, {"accepted": 1, "denied": 1})
    run(["-C", str(copy.path), "verify", "--pin", copy.pin])
    assert "GM-T601" in capsys.readouterr().err
    assert [file.read_bytes() for file in files] == before  # what was looked at from outside is not written either
    assert copy.live_version("fraud", "staging") is None


@pytest.mark.attack("leave a forged verified prefix where gm verify --anew looks", "GM-T601", by="storage")
def test_judging_anew_takes_nothing_over_and_clears_what_was_kept(copy, capsys):
    assert verify(copy, capsys)[0] == 0  # whoever owns the clone and its pin owns what is kept beside it
    assert verify(copy, capsys, "--anew") == (UNACCEPTED, {"accepted": 1, "denied": 1})
    run(["-C", str(copy.path), "verify"])
    assert "GM-T601" in capsys.readouterr().err


@pytest.mark.lookalike("gm verify --pin on an honest copy that keeps a prefix")
def test_an_honest_copy_verifies_from_a_given_pin(tmp_path, capsys):
    story = stories.registry(tmp_path / "r")
    story.version("fraud", "1.0.0")
    save_prefix(cache_path(story.store.common_dir), story.history())
    assert verify(story, capsys, "--pin", story.pin) == (0, {"accepted": 1})


def depends_on(story, record):
    """What the verdict on a keyless receipt is kept under."""
    history = story.history()
    workload = next(one for one in history.people.workloads if one.id == "scribe")
    root = root_of(history.state.snapshot)
    return {
        "what": "receipt",
        "bundle": record.sha256,
        "root": sha256_hex(root),
        "workflow": workload.workflows[0].model_dump(mode="json"),
    }


@pytest.mark.attack("plant the verdict on a foreign receipt in a copy that is handed over", "GM-T710", by="storage")
def test_a_keyless_verdict_in_a_received_copy_is_not_believed(stack, tmp_path, capsys, monkeypatch):
    story = told(tmp_path / "r", stack)
    record = keyless(stack, tmp_path, body_of(story), repository_id="666")
    put(story, record)
    honest = verify(story, capsys, "--pin", story.pin)
    needed = depends_on(story, record)
    digest, gm = kept._digest(needed), story.store.common_dir / "gm"
    for folder in (gm, gm / "keyless", gm / "gitops-models", gm / "gitops-models" / "keyless"):
        folder.mkdir(mode=0o700, exist_ok=True)
        VerdictCache(folder, digest).save({"bundle": Judged("good")})
    for name in (digest, sha256_hex(jcs(needed))):
        (gm / "keyless" / f"{name}.json").write_bytes(b"[]")
    monkeypatch.setenv("XDG_CACHE_HOME", str(gm))  # even where the person's own folder is said to be there
    for words in ([], ["--anew"]):
        assert verify(story, capsys, "--pin", story.pin, *words) == honest
    assert (story.history().steps[-1].status, story.live_version("fraud", "staging")) == ("pending", None)
    base, head = story.store.commit(story.step).parents
    history = story.history()
    bench = Bench(story.store, history.people, history.state.snapshot, "main")
    with pytest.raises(GmError) as refusal:
        hear(bench, record, Merged(story.step, base, head, record.change_id, story.tip))
    assert refusal.value.code == "GM-T710"
