"""A rollback is told before it is done, when it is done and when it fails; a dead notifier changes nothing of it."""

import json
import shutil
import subprocess

import pytest

import gitops_models
from gitops_models.errors import Exit
from tests.support.killing import Shop, call
from tests.support.models import write_linear
from tests.support.receiver import SECRET
from tests.support.registry import PEOPLE, SHORT
from tests.support.station import EMERGENCY, three_versions
from tests.support.team import Team, gm


class Told(Shop):
    """A shop in which both versions were live, and whose person tells a program and a receiver."""

    def __init__(self, root, home, url):
        super().__init__(root)
        self.home, self.url, self.log = home, url, root / "told"
        for version in ("1.0.0", "1.1.0"):
            self.gm("promote", f"fraud@{version}", "--through", "production", "--merge", "-m", "go live")
        (root / "secret").write_text(SECRET)
        self.page = root / "page"
        self.pages(f"git -C {self.server} for-each-ref refs/heads/gm/rollback >> {self.log}")

    def pages(self, what):
        """From now on the program does this for each notice."""
        self.page.write_text(f"#!/bin/sh\n{what}\n")
        self.page.chmod(0o755)
        hook = f"webhook: {{url: '{self.url}', secret_file: secret}}"
        places = f"- {{id: page, command: [{self.page}]}}\n- {{id: hook, {hook}}}\n"
        file = self.root / "notifications.yaml"
        file.write_text(f"apiVersion: gitops-models/v1\nkind: Notifications\nnotifications:\n{places}")
        subprocess.run(["git", "config", "--global", "gm.notifications", str(file)], check=True, timeout=60)

    def run(self, *words):
        """Exit status, object on standard output if any, objects on standard error."""
        status, out, err = call(["-C", str(self.clone), "--no-input", "--json", *words])
        return (
            status,
            json.loads(out) if out else None,
            [json.loads(line) for line in err.splitlines() if line.startswith("{")],
        )

    def agree(self, *words):
        """Propose as ada, have ria approve, land it."""
        proposal = self.run(*words, "-m", "because")[1]["proposal"]
        for person, verb in (("ria", "approve"), ("ada", "merge")):
            self.become(person)
            self.gm(verb, proposal)

    def recorded(self):
        """What the record of notices says, in order."""
        file = self.home / ".local/state/gitops-models/notifications/notices.jsonl"
        return [json.loads(line)["data"] for line in file.read_text().splitlines()] if file.exists() else []


@pytest.fixture
def shop(tmp_path, home, hook):
    return Told(tmp_path, home, hook.url)


@pytest.mark.clause("A-execution-2", "A-execution-5")
def test_a_rollback_is_told_and_recorded_before_anything_is_published_and_again_when_it_landed(shop, hook):
    status, body, err = shop.run(
        "rollback", "fraud", "--merge", "-m", "worse", "--incident", "INC-7", "--cause", "drift"
    )
    assert (status, err) == (Exit.OK, [])
    assert hook.kinds == ["rollback-initiated", "rollback-completed"]
    first, last = (event["data"] for event in hook.events)
    assert (first["model"], first["stage"], first["replaces"], first["version"]) == (
        "fraud",
        "production",
        "1.1.0",
        "1.0.0",
    )
    assert (first["reason"], first["incident"], first["cause"], first["actor"]) == ("worse", "INC-7", "drift", "ada")
    assert (last["commit"], last["routes"]) == (body["step"], ["ops"])
    assert shop.log.read_text() == ""  # the program saw no branch at the server, neither before nor after it landed
    assert [one["event"] for one in shop.recorded()] == hook.kinds


def test_a_rollback_that_waits_for_others_is_told_when_somebody_merges_it(shop, hook):
    _, body, _ = shop.run("rollback", "fraud", "-m", "worse")
    assert hook.kinds == ["rollback-initiated"]
    assert hook.events[0]["data"]["details"]["proposal"] == body["proposal"]
    status, landed, err = shop.run("merge", body["proposal"])
    assert (status, err) == (Exit.OK, [])
    assert (hook.kinds[1:], hook.events[1]["data"]["commit"]) == (["rollback-completed"], landed["step"])


def test_a_promotion_tells_nobody(shop, hook):
    weights = shop.root / "1.2.0" / "model.onnx"
    write_linear(weights, (2.0, 7.0))
    shop.gm("register", "fraud", str(weights), "--merge", "-m", "better")
    shop.gm("promote", "fraud@1.2.0", "--to", "staging", "--merge", "-m", "better")
    assert (hook.deliveries, shop.recorded()) == ([], [])


def test_a_dry_run_tells_nobody(shop, hook):
    assert shop.run("rollback", "fraud", "--dry-run", "-m", "worse")[0] == Exit.OK
    assert shop.run("rollback", "fraud", "--dry-run", "--bundle", str(shop.root / "b"), "-m", "worse")[0] == Exit.OK
    assert (hook.deliveries, shop.recorded()) == ([], [])


def test_a_wrong_name_tells_nobody(shop, hook):
    status, _, (error,) = shop.run("rollback", "freud", "-m", "worse")
    assert (status, error["error"]["code"][:4]) == (Exit.NOT_FOUND, "GM-C")
    assert hook.deliveries == []


@pytest.mark.clause("A-execution-6")
def test_a_rollback_that_fails_is_a_critical_notice_and_ends_with_its_own_error(shop, hook):
    shop.pages(f"mv {shop.server} {shop.server}.away 2>&-; exit 0")
    status, out, err = shop.run("rollback", "fraud", "--merge", "-m", "worse")
    assert (status, out) == (Exit.EXTERNAL, None)
    (error,) = err
    assert hook.kinds == ["rollback-initiated", "rollback-failed"]
    data = hook.events[1]["data"]
    assert (data["severity"], data["code"]) == ("critical", error["error"]["code"])


@pytest.mark.clause("A-execution-6")
def test_no_earlier_good_version_is_a_critical_notice(shop, hook):
    shop.run("rollback", "fraud", "--merge", "-m", "worse", "--quarantine")
    told = len(hook.deliveries)
    status, _, err = shop.run("rollback", "fraud", "-m", "worse still")
    assert (status, err[-1]["error"]["code"]) == (Exit.NOT_FOUND, "GM-P510")
    assert (hook.kinds[told:], hook.events[told]["data"]["code"]) == (["rollback-failed"], "GM-P510")


@pytest.mark.clause("A-execution-6")
def test_a_dead_notifier_delays_nothing_and_hides_nothing(shop, hook):
    hook.answers = [400]
    shop.pages("exit 3")
    status, body, err = shop.run("rollback", "fraud", "--merge", "-m", "worse")
    assert (status, bool(body["step"])) == (Exit.OK, True)
    assert [line["warning"]["code"] for line in err] == ["GM-R702", "GM-R701"] * 2
    assert [one["event"] for one in shop.recorded()] == ["rollback-initiated", "rollback-completed"]
    hook.answers, hook.deliveries = [200], []
    shop.pages("exit 0")
    assert shop.run("rollback", "freud", "-m", "x")[0] == Exit.NOT_FOUND
    assert hook.deliveries == []


@pytest.mark.clause("A-execution-6")
def test_a_dead_notifier_masks_no_error(shop, hook):
    hook.answers = [400]
    shop.pages(f"mv {shop.server} {shop.server}.away 2>&-; exit 1")
    status, out, err = shop.run("rollback", "fraud", "--merge", "-m", "worse")
    assert (status, out, set(err[-1])) == (Exit.EXTERNAL, None, {"error"})
    assert {line["warning"]["code"] for line in err[:-1]} == {"GM-R701", "GM-R702"}


def test_people_see_the_warnings_beside_the_result(shop, hook):
    hook.answers = [400]
    status, out, err = call(["-C", str(shop.clone), "--no-input", "rollback", "fraud", "-m", "worse"])
    assert (status, "proposal " in out) == (Exit.OK, True)
    assert "warning[GM-R701]: rollback-initiated not delivered: hook: 127.0.0.1 answers 400; " in err


def test_the_next_command_sends_what_waits_first(shop, hook):
    hook.answers = [400]
    _, body, _ = shop.run("rollback", "fraud", "-m", "worse")
    hook.answers, hook.deliveries = [200], []
    shop.run("merge", body["proposal"])
    assert hook.kinds == ["rollback-initiated", "rollback-completed"]


def test_a_rollback_into_a_bundle_is_told_too(shop, hook):
    status, body, _ = shop.run("rollback", "fraud", "--bundle", str(shop.root / "b.bundle"), "-m", "the forge is down")
    assert status == Exit.OK
    assert hook.kinds == ["rollback-initiated", "rollback-completed"]
    assert hook.events[1]["data"]["commit"] == body["step"]
    assert hook.events[1]["data"]["details"]["way"] == "bundle"


def test_a_merge_that_the_policy_does_not_allow_yet_is_a_rollback_that_waits(shop, hook):
    for version in ("1.0.0", "1.1.0", "1.2.0"):
        weights = shop.root / version / "model.onnx"
        write_linear(weights, (float(version[2]), 7.0))
        shop.agree("register", "spam", str(weights), *(("--risk", "medium") if version == "1.0.0" else ()))
        shop.agree("promote", f"spam@{version}", "--through", "production")
    status, _, err = shop.run("rollback", "spam", "--to", "1.0.0", "--merge", "-m", "worse")
    assert (status, err[-1]["error"]["code"]) == (Exit.DENIED, "GM-P401")
    assert hook.kinds == ["rollback-initiated", "rollback-stalled"]
    first, last = (event["data"] for event in hook.events)
    assert (first["details"]["missing"], last["severity"], last["code"]) == ("raio", "critical", "GM-P401")


def test_python_tells_and_warns(shop, hook):
    hook.answers = [400]
    with pytest.warns(RuntimeWarning, match="GM-R701"):
        gitops_models.rollback("fraud", reason="worse", repo=shop.clone, land=True)
    assert (hook.kinds[0], hook.kinds[-1]) == ("rollback-initiated", "rollback-completed")


def test_nothing_in_the_repository_says_who_is_told(shop, hook):
    subprocess.run(["git", "config", "--global", "--unset", "gm.notifications"], check=True, timeout=60)
    shutil.copy(shop.root / "notifications.yaml", shop.clone / "notifications.yaml")
    subprocess.run(
        ["git", "-C", str(shop.clone), "config", "gm.notifications", "notifications.yaml"], check=True, timeout=60
    )
    status, _, err = shop.run("rollback", "fraud", "-m", "worse")
    assert (status, [line["warning"]["code"] for line in err]) == (Exit.OK, ["GM-C215"])
    assert (hook.deliveries, shop.log.exists()) == ([], False)


def test_what_a_clone_serves_is_told_to_its_person(shop, hook):
    shop.reconcile()
    assert (hook.deliveries, shop.recorded()) == ([], [])
    file = shop.served_root / "fraud" / "production" / "current" / "model.onnx"
    file.chmod(0o644)
    file.write_bytes(b"spoiled")
    hook.answers = [400]
    status, body, err = shop.run(*shop.reconciling)
    assert (status, body["results"][0]["done"]) == (Exit.OK, "healed")
    assert [line["warning"]["code"] for line in err] == ["GM-R701"]
    assert (hook.kinds, hook.events[0]["source"][:15]) == (["integrity-failure"], "/gitops-models/")
    assert hook.events[0]["source"] != "/gitops-models/unknown"


def test_a_configuration_that_is_wrong_is_a_warning_of_each_reconcile(shop):
    (shop.root / "notifications.yaml").write_text("nothing")
    status, body, err = shop.run(*shop.reconciling)
    assert (status, body["ok"], [line["warning"]["code"] for line in err]) == (Exit.OK, True, ["GM-R710"])


@pytest.mark.clause("A-emergency-2")
def test_who_signs_an_override_has_told_security_before(tmp_path, home):
    team = Team(tmp_path, home, PEOPLE, policy="minimal", emergency=EMERGENCY, **SHORT)
    three_versions(team.registry, "low")
    operator, file, seen = team.clone("operator"), tmp_path / "hold.json", tmp_path / "seen"
    page = tmp_path / "page"
    page.write_text(f"#!/bin/sh\ntest ! -e {file} && cat >> {seen}\n")
    page.chmod(0o755)
    places = tmp_path / "notifications.yaml"
    places.write_text(
        f"apiVersion: gitops-models/v1\nkind: Notifications\nnotifications: [{{id: p, command: [{page}]}}]\n"
    )
    subprocess.run(["git", "config", "--global", "gm.notifications", str(places)], check=True, timeout=60)
    words = ("rollback", "fraud", "--override", str(file), "-m", "the forge is down")
    assert (gm(operator, *words, "--dry-run").status, seen.exists()) == (0, False)
    made = gm(operator, *words)
    assert (made.status, "warning" in made.err) == (0, False)
    data = json.loads(seen.read_text())["data"]
    assert (data["event"], data["routes"]) == ("emergency-initiated", ["ops", "security"])
    assert (data["actor"], data["details"]["way"]) == ("operator", "override")
