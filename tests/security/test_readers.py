"""Views of history that no reader goes by: each refused with its code by ``gm verify`` and by the reconciler."""

import json
from datetime import timedelta

import pytest

from gitops_models.cli.run import run
from gitops_models.delivery.follow import Follower
from gitops_models.delivery.mirror import REMOTE, open_mirror
from gitops_models.errors import GmError
from gitops_models.store.refs import RefUpdate, update_refs
from gitops_models.store.repository import Store
from gitops_models.trust.ledger import Ledger
from gitops_models.trust.memory import memory_path, update_memory
from gitops_models.workflows.late import approve_late
from gitops_models.workflows.pin import pin
from gitops_models.workflows.session import open_session
from tests.support.git import clone_repository, run_git
from tests.support.policy import document
from tests.support.stories import acceptance, append, last, ledger_ref, stage_file

STAGING = "models/fraud/stages/staging.yaml"


class Verify:
    """Somebody's clone, and what ``gm verify`` says there."""

    def __init__(self, registry, path, home, capsys):
        self.registry, self.path, self.capsys = registry, path, capsys
        clone_repository(registry.path, path, home)
        pin(path, registry.pin)
        self.git_dir = path / ".git"
        assert self.look() is None

    def look(self):
        """The code that it ends with, None when history holds."""
        self.capsys.readouterr()
        status = run(["-C", str(self.path), "--json", "verify"])
        said = self.capsys.readouterr().err.strip()
        return json.loads(said.splitlines()[-1])["error"]["code"] if status else None

    accepted = look

    def status(self, model):
        """The version that staging should serve."""
        session = open_session(self.path, clock=self.registry.clock)
        return session.accepted.stage_state(model, "staging").version


class Reconcile:
    """A reconciler, and what it says of the newest history; what it goes on with is looked at each time."""

    def __init__(self, registry, path, home, capsys):  # noqa: ARG002 - made like the other reader
        self.registry, self.path = registry, path
        self.git_dir = path / "mirror.git"
        assert self.look() is None
        self.known = self.history.state.stacks

    def look(self):
        try:
            with open_mirror(self.path, str(self.registry.path)) as store:
                ledger = Ledger(store, REMOTE)
                now = self.registry.clock.now
                followed = Follower(store, ledger, line="main", pin=self.registry.pin, clock=now)()
        except GmError as error:
            return error.code
        self.history = followed.history
        if followed.problem:
            assert followed.history.state.stacks == self.known
        return followed.problem.code if followed.problem else None

    def status(self, model):
        self.look()
        return self.history.state.snapshot.stage_state(model, "staging").version


@pytest.fixture(params=[Verify, Reconcile], ids=["verify", "reconcile"])
def reader(request, registry, tmp_path, home, capsys):
    return request.param(registry, tmp_path / "reader", home, capsys)


def memory(reader):
    return memory_path(Store.open(reader.git_dir).common_dir)


@pytest.mark.lookalike("a line that only grew")
def test_a_line_that_grew_is_read(reader, registry):
    registry.live("fraud", "1.1.0", "staging")
    assert reader.look() is None


@pytest.mark.attack("a shallow clone, in which anchors come out wrong", "GM-S003", by="forge")
def test_a_shallow_repository_is_not_read(reader, registry):
    (reader.git_dir / "shallow").write_text(f"{registry.tip}\n")
    assert reader.look() == "GM-S003"


@pytest.mark.attack("a partial clone, in which objects are missing", "GM-S004", by="forge")
def test_a_partial_repository_is_not_read(reader):
    (reader.git_dir / "objects" / "pack").mkdir(exist_ok=True)
    (reader.git_dir / "objects" / "pack" / "pack-1.promisor").write_text("")
    assert reader.look() == "GM-S004"


@pytest.mark.attack("grafts that change the parents of commits", "GM-S006", by="forge")
def test_a_repository_with_grafts_is_not_read(reader, registry):
    (reader.git_dir / "info").mkdir(exist_ok=True)
    (reader.git_dir / "info" / "grafts").write_text(f"{registry.tip}\n")
    assert reader.look() == "GM-S006"


@pytest.mark.attack("a replacement of a signed commit", "GM-S006", by="forge")
def test_a_repository_with_replaced_objects_is_not_read(reader, registry, home):
    run_git(reader.git_dir, "replace", registry.tip, registry.pin, home=home)
    assert reader.look() == "GM-S006"


@pytest.mark.lookalike("a server with a replacement, which no reader fetches")
def test_replaced_objects_at_the_server_change_nothing(reader, registry, home):
    run_git(registry.path, "replace", registry.tip, registry.pin, home=home)
    assert reader.look() is None


@pytest.mark.attack("a server that shows a shallow history", "GM-S011", by="forge")
def test_a_shallow_server_is_not_followed_by_who_knows_nothing(registry, tmp_path, home):
    run_git(tmp_path, "clone", "-q", "--bare", "--depth=1", f"file://{registry.path}", "shallow.git", home=home)
    with open_mirror(tmp_path / "fresh", str(tmp_path / "shallow.git")) as store:
        now = registry.clock.now
        with pytest.raises(GmError) as caught:
            Follower(store, Ledger(store, REMOTE), line="main", pin=registry.pin, clock=now)()
        assert (caught.value.code, store.libgit2.is_shallow, store.refs("refs/remotes/")) == ("GM-S011", False, {})


@pytest.mark.attack("a line rewound behind what a reader accepted", "GM-T600", by="forge")
@pytest.mark.parametrize("attack", ["rewind", "fork", "foxtrot", "orphan"])
def test_a_rewritten_line_is_not_read(reader, registry, attack):
    parent = registry.store.commit(registry.tip).parents[0]
    branch = registry.commit(stage_file(registry, "1.1.0", "staging"), parents=[registry.pin])
    tree = registry.store.commit(branch).tree
    registry.force(
        {
            "rewind": parent,
            "fork": registry.commit({"x": b"x"}, parents=[parent]),
            "foxtrot": registry.commit({}, parents=[branch, registry.tip], tree=tree),
            "orphan": registry.commit({"x": b"x"}, parents=[]),
        }[attack]
    )
    assert reader.look() == "GM-T600"


@pytest.mark.attack("another repository under the address of ours", "GM-T501", by="forge")
@pytest.mark.parametrize("what", ["repository", "line"])
def test_a_memory_of_another_repository_or_line_is_not_taken_for_ours(reader, what):
    update_memory(memory(reader), lambda known: known.model_copy(update={what: "another", "accepted": None}))
    # A clone takes the line from its memory: what it then looks for is not there.
    assert reader.look() in {"GM-T501", "GM-S207"}


@pytest.mark.attack("a policy that goes back because its acceptance was lost", "GM-T602", by="forge")
def test_an_older_policy_is_not_read(reader):
    update_memory(memory(reader), lambda known: known.model_copy(update={"policy_version": 2}))
    assert reader.look() == "GM-T602"


@pytest.mark.attack("a memory that was written over", "GM-T500", by="node")
def test_a_damaged_memory_is_not_a_fresh_start(reader):
    memory(reader).write_bytes(b"{}")
    assert reader.look() == "GM-T500"


@pytest.mark.attack("a blob in a merge that comes from neither parent", "GM-P804", by="author")
def test_content_of_a_merge_that_nobody_proposed_is_not_taken(reader, registry):
    proposal = registry.promote("fraud", "1.1.0", "staging")
    registry.approve(proposal, "lead")
    invented = stage_file(registry, "1.0.0", "production")["models/fraud/stages/production.yaml"]
    registry.merge_by_hand(proposal.head, files={STAGING: invented})
    assert "GM-P804" in last(registry).verdict.codes
    verdict = reader.look()
    if isinstance(reader, Verify):
        assert verdict == "GM-T601"
        return
    assert verdict is None
    assert reader.history.state.stacks == reader.known
    assert reader.history.blocked == {"model:fraud"}
    assert "GM-P804" in reader.history.steps[-1].verdict.codes


@pytest.mark.attack("a ledger ref that the server deleted", "GM-T400", by="forge")
def test_a_lost_ledger_is_a_finding_and_takes_nothing_back(reader, registry):
    registry.force(None, ledger_ref(last(registry).change_id))
    promoted = next(step for step in reversed(registry.history().steps) if registry.ledger.records(step.change_id))
    registry.force(None, ledger_ref(promoted.change_id))
    if isinstance(reader, Verify):
        assert reader.look() == "GM-T400"
        return
    assert (reader.look(), reader.history.state.stacks) == (None, reader.known)


def test_what_this_reader_forgot_of_the_seen_is_fetched_again(reader):
    store = Store.open(reader.git_dir)
    update_refs(store, [RefUpdate(name, None, oid) for name, oid in store.refs("refs/gm-seen/").items()], "forget")
    assert reader.look() is None


def test_a_document_of_another_repository_id_is_not_ours(reader, registry):
    registry.commit({"gm.yaml": document("Repository", id="another", models="models")}, by="owner", land=True)
    verdict = reader.look()
    assert verdict == ("GM-T601" if isinstance(reader, Verify) else None)


def accepted_by_hand(registry, *, at=None, landed=True):
    """A promotion with every approval that somebody merged with plain Git: ``(step, records to append)``."""
    proposal = registry.promote("fraud", "1.1.0", "staging")
    registry.approve(proposal, "lead")
    change_id, main = registry.check(proposal).change_id, registry.tip
    step = registry.merge_by_hand(proposal.head)
    main = main if landed else step
    said = {"by": "engineer", "merge": step, "head": proposal.head, "change_id": change_id, "main": main}
    return step, lambda when: append(registry, change_id, acceptance(registry, **said, at=at or when))


@pytest.mark.attack("an acceptance dated years ahead", "pending", by="thief")
def test_an_acceptance_of_the_future_counts_for_no_reader(reader, registry):
    ahead = registry.clock.now() + timedelta(days=365)
    _, accept = accepted_by_hand(registry, at=ahead)
    accept(None)
    assert reader.status("fraud") == "1.0.0"
    registry.clock.time = ahead
    registry.live("spam", "1.0.0", "production")
    assert reader.status("fraud") == "1.1.0"


@pytest.mark.attack("an acceptance slipped in below a restoration", "ignored", by="thief")
@pytest.mark.parametrize("landed", [True, False], ids=["as of the merge", "as of the step"])
def test_a_word_that_comes_after_a_reader_saw_the_step_unaccepted_changes_nothing(reader, registry, landed):
    before = registry.history().state.snapshot.entry(STAGING)
    _, accept = accepted_by_hand(registry, landed=landed)
    at = registry.clock.now()
    registry.clock.tick()
    registry.commit({STAGING: before}, by="engineer2", land=True)
    for _ in range(2):  # the first look may have fallen between the moves of one push
        assert reader.status("fraud") == "1.0.0"
    registry.clock.tick(days=60)
    accept(at)
    assert reader.status("fraud") == "1.0.0"
    registry.live("spam", "1.0.0", "production")
    assert reader.status("fraud") == "1.0.0"


@pytest.mark.lookalike("an approval that comes days after the step and says so")
def test_a_late_acceptance_at_the_tip_counts_for_a_reader_that_waited(reader, registry):
    step, _ = accepted_by_hand(registry)
    for _ in range(3):
        assert reader.status("fraud") == "1.0.0"
    registry.clock.tick(days=2)
    session = registry.session("lead")
    approve_late(session, session.history.pending["model:fraud"], decision="approve", reason="late")
    for _ in range(2):
        assert reader.status("fraud") == "1.1.0"
    assert registry.tip == step


@pytest.mark.lookalike("a look between the moves of one push")
def test_a_single_look_without_the_acceptance_proves_nothing(reader, registry):
    _, accept = accepted_by_hand(registry)
    at = registry.clock.now()
    assert reader.status("fraud") == "1.0.0"
    accept(at)
    for _ in range(2):
        assert reader.status("fraud") == "1.1.0"


def test_a_look_that_shows_nothing_new_writes_nothing(reader, registry):
    accepted_by_hand(registry)
    for _ in range(3):
        reader.status("fraud")
    session = registry.session("lead")
    approve_late(session, session.history.pending["model:fraud"], decision="approve", reason="late")
    for _ in range(3):
        assert reader.status("fraud") == "1.1.0"
    written = memory(reader).stat()
    reader.status("fraud")
    assert (memory(reader).stat().st_ino, memory(reader).stat().st_mtime_ns) == (written.st_ino, written.st_mtime_ns)
