"""What the server's door refuses, judged in this process on objects that the push has brought already."""

from datetime import timedelta

import pytest

from gitops_models.registry.snapshot import Entry
from gitops_models.store.objects import Ident
from gitops_models.store.writer import write_blob, write_tag
from gitops_models.trust.memory import load_memory, memory_path
from gitops_models.workflows import doorlog
from gitops_models.workflows.hook import Moved, parse_updates, pre_receive
from tests.support import policy as documents
from tests.support.keys import ed25519_key
from tests.support.stories import POLICY, acceptance, decision, last, ledger_ref, stage_file, weak_policy

MAIN = "refs/heads/main"
TAG = "refs/tags/fraud@v1.0.0"
ORPHAN = "refs/gm/changes/" + "0" * 64


def knock(registry, *updates):
    """The codes with which the door refuses ``(ref, new)`` updates; () lets them in. It moves nothing itself."""
    moved = [Moved(name, registry.store.ref(name), new) for name, new in updates]
    with registry.untouched():
        judgement = pre_receive(registry.path, moved, registry.clock)
    return tuple(refusal.code for refusal in judgement.refusals)


def prepared(registry, *approvers, version="1.1.0", at=None):
    """A promotion merged with plain git, not landed: step, change id, and the ledger move that accepts it."""
    proposal = registry.promote("fraud", version, "staging")
    registry.approve(proposal, *approvers)
    change, main = registry.check(proposal).change_id, registry.tip
    step = registry.merge_by_hand(proposal.head, land=False)
    record = acceptance(registry, by="engineer", merge=step, head=proposal.head, change_id=change, main=main, at=at)
    return step, change, registry.session("engineer").writer().prepare(change, record).new


# The line


@pytest.mark.lookalike("a push with step, approvals and acceptance")
def test_a_step_with_its_approvals_and_acceptance_comes_in(registry):
    step, change, ledger = prepared(registry, "lead")
    assert knock(registry, (MAIN, step), (ledger_ref(change), ledger)) == ()


@pytest.mark.clause("A-execution-2")
@pytest.mark.attack("a push of an approved merge without its acceptance", "GM-P404", by="ci")
def test_a_step_without_acceptance_stays_out(registry):
    step, _, _ = prepared(registry, "lead")
    assert knock(registry, (MAIN, step)) == ("GM-P404",)


def test_a_step_without_approvals_stays_out(registry):
    step, change, ledger = prepared(registry)
    assert knock(registry, (MAIN, step), (ledger_ref(change), ledger)) == ("GM-P401",)


def test_a_step_that_needs_nobody_comes_in(registry):
    files = documents.version_files("1.2.0", author="engineer")
    assert knock(registry, (MAIN, registry.commit(files))) == ()


def test_a_weak_policy_stays_out(registry):
    assert knock(registry, (MAIN, registry.commit({POLICY: weak_policy(registry)}, by="owner"))) == ("GM-P401",)


@pytest.mark.clause("B-9-3")
def test_a_silent_rollback_stays_out_and_an_operators_comes_in(live):
    assert knock(live, (MAIN, live.commit(stage_file(live, "1.1.0")))) == ("GM-P403",)
    assert knock(live, (MAIN, live.commit(stage_file(live, "1.1.0"), by="operator"))) == ()


@pytest.mark.attack("a bad step between two good ones in one push", "GM-P003", by="author")
def test_each_step_of_a_push_is_judged(registry):
    good = registry.commit(documents.version_files("1.2.0", author="engineer"))
    bad = registry.commit(stage_file(registry, "1.1.0", "staging"), parents=[good])
    worse = registry.commit({"models/fraud/nonsense": b""}, parents=[bad])
    assert knock(registry, (MAIN, worse)) == ("GM-P401", "GM-P003")


@pytest.mark.attack("an orphan history pushed over the line", "GM-T600", by="forge")
@pytest.mark.parametrize("attack", ["foxtrot", "rewind", "fork", "orphan"])
def test_a_rewritten_line_stays_out(registry, attack):
    parent = registry.store.commit(registry.tip).parents[0]
    branch = registry.commit({"x": b"x"}, parents=[registry.pin])
    tips = {
        "rewind": parent,
        "fork": registry.commit({"x": b"x"}, parents=[parent]),
        "foxtrot": registry.commit({}, parents=[branch, registry.tip], tree=registry.store.commit(registry.tip).tree),
        "orphan": registry.commit({"x": b"x"}, parents=[]),
    }
    assert knock(registry, (MAIN, tips[attack])) == ("GM-T600",)


@pytest.mark.attack("the line replaced by a blob", "GM-S014", by="forge")
@pytest.mark.attack("the line deleted", "GM-F302", by="forge")
def test_the_line_is_neither_deleted_nor_replaced_by_another_object(registry):
    assert knock(registry, (MAIN, None)) == ("GM-F302",)
    assert knock(registry, (MAIN, write_blob(registry.store, b"x"))) == ("GM-S014",)
    assert knock(registry, (MAIN, "1" * 40)) == ("GM-S013",)


@pytest.mark.lookalike("the branch of a proposal, whatever it holds")
def test_branches_of_proposals_come_in_unjudged(registry):
    head = registry.commit({"models/fraud/nonsense": b""})
    assert knock(registry, ("refs/heads/gm/x/y/z/-/12345678", head)) == ()


@pytest.mark.attack("a push that says another time than the door's clock", "GM-F303", by="thief")
@pytest.mark.parametrize("minutes", [-16, 16])
def test_a_step_that_says_another_time_stays_out(registry, minutes):
    commit = registry.commit(documents.version_files("1.2.0", author="engineer"))
    registry.clock.time -= timedelta(minutes=minutes)
    assert knock(registry, (MAIN, commit)) == ("GM-F303",)
    registry.clock.time += timedelta(minutes=minutes) * 14 / 16
    assert knock(registry, (MAIN, commit)) == ()


def test_a_version_registered_and_promoted_in_one_push_comes_in_with_its_tag(registry):
    step = registry.commit(documents.version_files("1.2.0", author="engineer"))
    tag = signed_tag(registry, "fraud@v1.2.0", step)
    assert knock(registry, (MAIN, step), ("refs/tags/fraud@v1.2.0", tag)) == ()


# Garbage: what cannot be judged stays out


GARBAGE = {
    "not UTF-8": ({"models/fraud/\udcff\udcfe.yaml": b"x"}, "GM-P003"),
    "symlink": ({"models/fraud/stages/staging.yaml": (0o120000, b"/etc/passwd")}, "GM-P003"),
    "executable": ({"models/fraud/stages/staging.yaml": (0o100755, b"kind: StageState\n")}, "GM-P003"),
    "deep YAML": ({"models/fraud/stages/staging.yaml": b"[" * 5000}, "GM-P001"),
    "huge YAML": ({"models/fraud/stages/staging.yaml": b"a: b\n" * 100_000}, "GM-P001"),
    "alias bomb": ({"models/fraud/model.yaml": b"a: &a [1]\nb: *a\n"}, "GM-P001"),
    "broken policy": ({POLICY: b"kind: [\n"}, "GM-P001"),
    "no policy": ({POLICY: None}, "GM-P706"),
    "no people": ({"policies/people.yaml": None}, "GM-P706"),
    "no gm.yaml": ({"gm.yaml": None}, "GM-P706"),
}


@pytest.mark.attack("a document nested 5,000 deep", "GM-P001", by="author")
@pytest.mark.attack("a symbolic link as a stage file", "GM-P003", by="author")
@pytest.mark.parametrize("case", GARBAGE)
def test_garbage_in_governed_paths_stays_out(registry, case):
    files, code = GARBAGE[case]
    store = registry.store
    files = {
        path: Entry(data[0], write_blob(store, data[1])) if isinstance(data, tuple) else data
        for path, data in files.items()
    }
    assert code in knock(registry, (MAIN, registry.commit(files)))
    assert last(registry).status == "accepted"


@pytest.mark.attack("a submodule as a stage file", "GM-P003", by="author")
def test_a_submodule_in_governed_paths_stays_out(registry):
    commit = registry.commit({"models/fraud/stages/staging.yaml": Entry(0o160000, registry.tip)})
    assert "GM-P003" in knock(registry, (MAIN, commit))


@pytest.mark.attack("a commit whose tree was not sent", "GM-S013", by="author")
def test_a_commit_whose_tree_is_missing_stays_out(registry):
    raw = b"tree " + b"1" * 40 + b"\nparent " + registry.tip.encode()
    raw += b"\nauthor a <a@x> 0 +0000\ncommitter a <a@x> 0 +0000\n\nm\n"
    oid = str(registry.store.libgit2.odb.write(1, raw))
    assert knock(registry, (MAIN, oid)) == ("GM-S013",)


def test_lines_that_are_no_updates_raise(registry):
    with pytest.raises(ValueError, match="unpack"):
        parse_updates(["nonsense\n"])
    assert parse_updates([f"{'0' * 40} {registry.tip} refs/heads/a b\n"]) == [
        Moved("refs/heads/a b", None, registry.tip)
    ]


# The ledger


@pytest.fixture
def open_promotion(registry):
    """A promotion with one approval, and its change id."""
    proposal = registry.promote("fraud", "1.1.0", "staging")
    registry.approve(proposal, "lead")
    return registry, registry.check(proposal).change_id


def link(registry, record, *, parents):
    """A commit that adds one record as gm names it."""
    return registry.commit({f"{record.sha256}.json": record.envelope}, parents=parents)


@pytest.mark.attack("a ledger ref deleted", "GM-F304", by="forge")
def test_a_ledger_ref_is_not_deleted(open_promotion):
    registry, change = open_promotion
    assert knock(registry, (ledger_ref(change), None)) == ("GM-F304",)


@pytest.mark.attack("a ledger ref rewound", "GM-F304", by="forge")
def test_a_ledger_ref_is_not_rewound_or_replaced(open_promotion):
    registry, change = open_promotion
    name = ledger_ref(change)
    first = registry.store.ref(name)
    other = registry.commit({"x": b"x"}, parents=[])
    assert knock(registry, (name, other)) == ("GM-F304",)
    longer = registry.commit({"x": b"x"}, parents=[first])
    registry.force(longer, name)
    assert knock(registry, (name, first)) == ("GM-F304",)


@pytest.mark.lookalike("a ledger ref that grows")
def test_a_ledger_ref_may_grow(open_promotion):
    registry, change = open_promotion
    name = ledger_ref(change)
    (said,) = registry.ledger.records(change)
    no = decision(by="lead2", change_id=change, like=said, decision="reject")
    assert knock(registry, (name, link(registry, no, parents=[registry.store.ref(name)]))) == ()


@pytest.mark.attack("a ref that bars a ledger name", "GM-F309", by="author")
@pytest.mark.parametrize(
    "name",
    [
        "refs/gm/changes/abc",
        f"{ORPHAN}/more",
        "refs/gm/deployments/a/b",
        "refs/gm/other",
        "refs/gm-seen/here/tips/changes/x",
        "refs/gm-remote/origin/changes/x",
        "refs/gm-tags/origin/x",
    ],
)
def test_no_ref_is_taken_that_would_stand_in_the_ledgers_way(registry, name):
    assert knock(registry, (name, registry.commit({}))) == ("GM-F309",)


def test_a_new_ref_of_the_ledger_is_taken(registry):
    assert knock(registry, ("refs/gm/archive", registry.commit({}))) == ()


def test_nothing_but_checkpoints_is_taken_where_they_stand(registry):
    assert knock(registry, ("refs/gm/checkpoints", registry.commit({}))) == ("GM-F304",)


def test_a_new_chain_of_the_ledger_is_taken(open_promotion):
    registry, change = open_promotion
    (said,) = registry.ledger.records(change)
    on_another = decision(by="lead", change_id="0" * 64, like=said)
    assert knock(registry, (ORPHAN, link(registry, on_another, parents=[]))) == ()
    assert knock(registry, (ORPHAN, link(registry, said, parents=[]))) == ("GM-F304",)


def test_a_ledger_ref_points_to_a_commit(registry):
    assert knock(registry, (ORPHAN, write_blob(registry.store, b"x"))) == ("GM-F309",)


def test_a_late_acceptance_comes_in_when_it_speaks_of_now(registry):
    step, change, ledger = prepared(registry, "lead")
    registry.force(step)
    record = acceptance(
        registry,
        by="lead",
        merge=step,
        head=registry.store.commit(step).parents[1],
        change_id=change,
        main=step,
    )
    now = registry.session("lead").writer().prepare(change, record).new
    assert knock(registry, (ledger_ref(change), ledger)) == ("GM-F308",)
    assert knock(registry, (ledger_ref(change), now)) == ()
    registry.clock.tick(minutes=16)
    assert knock(registry, (ledger_ref(change), now)) == ("GM-F303",)


# Tags and what is never taken


def signed_tag(registry, name, target, signer="engineer"):
    """A tag object, not on any ref."""
    ident = Ident("engineer", "engineer@example.org", int(registry.clock.now().timestamp()))
    sign = None if signer is None else lambda data: ed25519_key(signer).sign(data, "git")
    return write_tag(registry.store, name, target, name, ident, sign)


def registering(registry, version="1.0.0"):
    return registry.history().state.registered["fraud", version].step


@pytest.mark.attack("a version tag moved", "GM-F305", by="forge")
def test_a_version_tag_is_neither_moved_nor_deleted(registry):
    assert knock(registry, (TAG, None)) == ("GM-F305",)
    assert knock(registry, (TAG, signed_tag(registry, "fraud@v1.0.0", registering(registry)))) == ("GM-F305",)


@pytest.mark.attack("a version tag pushed for another step", "GM-F306", by="author")
@pytest.mark.parametrize("case", ["lightweight", "unsigned", "unknown key", "other step", "other name", "unregistered"])
def test_a_bad_version_tag_stays_out(registry, case):
    step = registering(registry)
    registry.force(None, TAG)
    name = "fraud@v9.0.0" if case == "unregistered" else "fraud@v1.0.0"
    tags = {
        "lightweight": lambda: step,
        "unsigned": lambda: signed_tag(registry, name, step, None),
        "unknown key": lambda: signed_tag(registry, name, step, "stranger"),
        "other step": lambda: signed_tag(registry, name, registry.tip),
        "other name": lambda: signed_tag(registry, "fraud@v1.1.0", step),
        "unregistered": lambda: signed_tag(registry, name, step),
    }
    assert knock(registry, (f"refs/tags/{name}", tags[case]())) == ("GM-F306",)


@pytest.mark.lookalike("a good version tag that was lost")
def test_a_good_version_tag_that_was_lost_comes_in_again(registry):
    tag = signed_tag(registry, "fraud@v1.0.0", registering(registry), "engineer2")
    registry.force(None, TAG)
    bad = signed_tag(registry, "fraud@v1.0.0", registering(registry), "engineer2")
    assert bad == tag
    assert knock(registry, (TAG, tag)) == ()


def test_a_name_below_a_version_tag_does_not_bar_it(registry):
    assert knock(registry, ("refs/tags/fraud@v2.0.0/x", registry.tip)) == ("GM-F306",)
    assert knock(registry, ("refs/tags/release-1", registry.tip)) == ()


@pytest.mark.attack("a replacement ref pushed", "GM-S006", by="forge")
def test_replacement_refs_stay_out(registry):
    assert knock(registry, ("refs/replace/" + registry.tip, registry.pin)) == ("GM-S006",)


# Before the pin, and what is written down


@pytest.mark.attack("a push to a server without a pin", "GM-F301", by="forge")
def test_a_server_without_a_pin_takes_the_first_push_only(registry):
    memory_path(registry.store.common_dir).unlink()
    assert knock(registry, (MAIN, registry.commit({"x": b"x"}))) == ("GM-F301",)
    refs = registry.refs()
    for name in refs:
        registry.force(None, name)
    judgement = pre_receive(registry.path, [Moved(MAIN, None, refs[MAIN])], registry.clock)
    assert (judgement.refusals, len(judgement.notes)) == ((), 1)


def test_refusals_are_logged_and_the_memory_stays(registry):
    before = load_memory(memory_path(registry.store.common_dir))
    assert knock(registry, (MAIN, None)) == ("GM-F302",)
    log = (registry.store.common_dir / "gm" / "refusals.log").read_text()
    assert "GM-F302 refs/heads/main" in log
    assert load_memory(memory_path(registry.store.common_dir)) == before


@pytest.mark.attack("a path that writes a line into the door's log", "GM-P003", by="author")
def test_a_path_cannot_write_lines_into_the_log(registry):
    codes = knock(registry, (MAIN, registry.commit({"models/fraud/x\nforged GM-F000 line": b"x"})))
    log = (registry.store.common_dir / "gm" / "refusals.log").read_text()
    assert (codes, len(log.splitlines())) == (("GM-P003",), 1)


@pytest.mark.attack("the disk filled by the door's log", "GM-F309", by="thief")
def test_the_log_begins_anew_before_it_is_large_and_keeps_the_one_before(registry, monkeypatch):
    log = registry.store.common_dir / "gm" / "refusals.log"
    monkeypatch.setattr(doorlog, "LARGEST", 20_000)
    names = [(f"refs/heads/gm/{number}{'x' * 200}", registry.tip) for number in range(150)]
    assert knock(registry, *names) == ("GM-F309",) * 150
    first = log.read_text()
    assert len(first.splitlines()) == 101
    assert first.endswith(" and 50 more refusals of this push\n")
    assert knock(registry, (MAIN, None)) == ("GM-F302",)
    assert log.with_name("refusals.log.1").read_text() == first
    assert len(log.read_text().splitlines()) == 1
    assert knock(registry, (MAIN, None)) == ("GM-F302",)
    assert len(log.read_text().splitlines()) == 2
    assert sorted(path.name for path in log.parent.glob("refusals*")) == ["refusals.log", "refusals.log.1"]


def test_a_line_of_the_log_has_an_end(registry):
    assert knock(registry, (MAIN, registry.commit({f"models/fraud/{'x' * 4000}": b"x"}))) == ("GM-P003",)
    (line,) = (registry.store.common_dir / "gm" / "refusals.log").read_text().splitlines()
    assert len(line) == doorlog.LONGEST


@pytest.mark.attack("a push of what a clone has seen", "GM-F309", by="thief")
@pytest.mark.parametrize("where", ["seen", "remote", "tags", "lines"])
def test_what_a_clone_has_seen_is_not_pushed(registry, where):
    assert knock(registry, (f"refs/gm-{where}/origin/main", registry.tip)) == ("GM-F309",)
