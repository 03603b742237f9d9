"""The reconciler tells people what is wrong: each condition once, and again when it comes back."""

import shutil
from datetime import timedelta

import pytest

from gitops_models.delivery.assemble import open_reconciler
from gitops_models.delivery.config import read_config
from gitops_models.delivery.notify.assemble import open_post
from gitops_models.delivery.resolve import resolve
from gitops_models.delivery.results import Done
from gitops_models.errors import GmError
from gitops_models.workflows.emergency import emergency
from gitops_models.workflows.emergency_plan import Emergency
from tests.support.delivery_site import NOW, STATE_PATH, Site
from tests.support.receiver import SECRET
from tests.support.station import Station
from tests.support.station import emergency as emergency_story


class Watched(Site):
    """A site whose reconciler tells a receiver, at a time that the test sets."""

    def __init__(self, root, home, hook):
        self.url, self.now = hook.url, NOW
        super().__init__(root, home)
        (root / "secret").write_text(SECRET)

    def configure(self, pin):
        super().configure(pin)
        place = f"{{id: hook, webhook: {{url: '{self.url}', secret_file: secret}}}}"
        self.config.write_text(self.config.read_text() + f"notifications: [{place}]\n")

    def run(self):
        with open_reconciler(read_config(self.config), clock=lambda: self.now, lock_wait=0.1) as reconciler:
            try:
                return reconciler.run()
            finally:
                self.warnings = [error.code for error in reconciler.watch.drain()]

    def spoil(self, data=b"spoiled"):
        file = resolve(self.srv / "fraud/production") / "model.onnx"
        file.chmod(0o644)
        file.write_bytes(data)


@pytest.fixture
def site(tmp_path, home, hook):
    return Watched(tmp_path, home, hook)


def only(hook):
    """The one event that came."""
    (event,) = hook.events
    return event["data"]


def test_a_run_in_which_all_is_well_tells_nobody(site, hook):
    site.run()
    site.run()
    assert (hook.deliveries, site.warnings) == ([], [])


def test_bytes_that_were_changed_are_told_to_both_routes_once_for_each_time(site, hook):
    site.run()
    site.spoil()
    assert site.run().results[0].done is Done.HEALED
    data = only(hook)
    assert (data["event"], data["severity"], data["routes"]) == ("integrity-failure", "critical", ["ops", "security"])
    assert (data["model"], data["stage"], data["target"]) == ("fraud", "production", "local")
    assert "changed-bytes: model.onnx" in data["reason"]
    assert hook.deliveries[0].signed
    site.run()
    assert len(hook.deliveries) == 1
    site.spoil()
    site.now += timedelta(minutes=1)
    site.run()
    assert len({event["id"] for event in hook.events}) == 2


def test_a_link_that_is_gone_is_a_warning(site, hook):
    site.run()
    (site.srv / "fraud/production/current").unlink()
    site.run()
    assert (only(hook)["event"], only(hook)["severity"]) == ("integrity-failure", "warning")


def test_bytes_in_the_remote_that_are_not_as_signed_are_told_once_and_nothing_is_switched(site, hook):
    site.run()
    for path in (site.remote / "files").rglob("*"):
        if path.is_file():
            path.write_bytes(b"poison")
    shutil.rmtree(site.root / "state" / "content")
    shutil.rmtree(site.srv)
    for _ in range(3):
        report = site.run()
    data = only(hook)
    assert (data["event"], data["code"]) == ("integrity-failure", report.results[0].error.code)
    assert report.results[0].live is None


def test_a_step_that_nobody_signed_is_told_once(site, hook):
    site.run()
    refused = site.work.commit({STATE_PATH: site.stage_state("1.1.0")}, "Promote by force")
    site.push()
    site.run()
    site.run()
    data = only(hook)
    assert (data["event"], data["commit"], data["model"]) == ("step-refused", refused, "fraud")
    assert data["code"].startswith("GM-")


def test_a_rewritten_line_is_told_once_and_again_when_it_is_rewritten_anew(site, hook):
    site.run()
    site.work.git("commit", "--quiet", "--amend", "--allow-empty", "-m", "Another past")
    site.push("--force")
    for _ in range(2):
        assert not site.run().ok
    data = only(hook)
    assert (data["event"], data["code"]) == ("history-rewritten", "GM-T600")


def test_a_remote_that_is_away_is_told_when_it_stays_away(site, hook):
    site.run()
    away = site.origin.rename(site.root / "away.git")
    assert not site.run().ok
    site.now += timedelta(minutes=4)
    site.run()
    assert hook.deliveries == []
    site.now += timedelta(minutes=2)
    site.run()
    site.run()
    assert (only(hook)["event"], only(hook)["code"]) == ("deployment-failed", "GM-S201")
    away.rename(site.origin)
    site.run()
    site.origin.rename(away)
    site.run()
    assert len(hook.deliveries) == 1


def test_a_reconciler_that_has_nothing_to_begin_from_tells_it(site, hook):
    site.configure(None)
    for _ in range(2):
        with pytest.raises(GmError) as refused:
            site.run()
        assert refused.value.code == "GM-T502"
    assert (only(hook)["event"], only(hook)["code"]) == ("deployment-failed", "GM-T502")


def test_a_switch_that_fails_is_told_with_the_version(site, hook):
    site.srv.mkdir()
    (site.srv / "fraud").write_text("a file where the directory belongs")
    report = site.run()
    assert not report.ok
    data = only(hook)
    assert (data["version"], data["code"]) == ("1.0.0", report.first_error.code)


def test_an_override_that_is_refused_is_told(site, hook):
    (site.root / "overrides").mkdir()
    (site.root / "overrides" / "a.json").write_text("{}")
    site.config.write_text(site.config.read_text() + "overrides: overrides\n")
    site.run()
    site.run()
    assert (only(hook)["event"], only(hook)["details"]) == ("override-refused", {"place": "a.json"})
    (site.root / "overrides" / "a.json").rename(site.root / "a.json")
    site.run()
    (site.root / "a.json").rename(site.root / "overrides" / "a.json")
    site.now += timedelta(minutes=1)
    site.run()
    assert len(hook.deliveries) == 2


@pytest.mark.clause("A-limits-9")
def test_a_rollback_that_nobody_lands_is_told_after_half_an_hour(site, hook):
    branch = "gm/rollback/fraud/1.0.0/production/3fa9c1d2"
    site.run()
    site.work.git("push", "--quiet", str(site.origin), f"HEAD:refs/heads/{branch}", "HEAD:refs/heads/gm/promote/x")
    for minutes, told in ((0, 0), (29, 0), (2, 1), (5, 1)):
        site.now += timedelta(minutes=minutes)
        site.run()
        assert len(hook.deliveries) == told
    data = only(hook)
    assert (data["event"], data["severity"], data["routes"]) == ("rollback-stalled", "critical", ["ops"])
    assert (data["model"], data["version"], data["stage"]) == ("fraud", "1.0.0", "production")
    assert data["details"] == {"proposal": "3fa9c1d2", "branch": branch}


def test_proposals_that_cannot_be_listed_are_no_alarm_and_end_none(site, hook):
    site.run()
    site.work.git("push", "--quiet", str(site.origin), "HEAD:refs/heads/gm/rollback/x")
    site.run()
    away = site.origin.rename(site.root / "away.git")
    site.now += timedelta(minutes=31)
    site.run()
    away.rename(site.origin)
    site.run()
    assert (only(hook)["event"], only(hook)["model"]) == ("rollback-stalled", "x")


def test_a_receiver_that_is_away_changes_nothing_and_gets_the_notice_when_it_is_back(site, hook):
    site.run()
    hook.answers = [400]
    site.spoil()
    assert site.run().ok
    assert site.warnings == ["GM-R701"]
    hook.answers = [200]
    assert site.run().ok
    assert (site.warnings, len(hook.deliveries)) == ([], 2)
    assert hook.events[0] == hook.events[1]
    site.run()
    assert len(hook.deliveries) == 2


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{", b'{"a": {"x": 1}}', b'{"a": {"area": "repository", "since": "x", "id": "1"}}']
)
def test_a_memory_of_alarms_that_is_damaged_is_begun_anew(site, hook, content):
    site.run()
    site.spoil()
    site.run()
    (site.root / "state" / "alarms.json").write_bytes(content)
    site.spoil()
    site.now += timedelta(minutes=1)
    assert site.run().ok
    assert (len(hook.deliveries), site.warnings) == (2, [])


def test_alarms_that_cannot_be_remembered_are_a_warning(site, hook):
    site.run()
    (site.root / "state" / "alarms.json").unlink(missing_ok=True)
    (site.root / "state" / "alarms.json").mkdir()
    site.spoil()
    assert site.run().ok
    assert (len(site.warnings), hook.deliveries) == (1, [])


def test_an_emergency_that_nobody_ratifies_is_told_when_it_is_overdue(tmp_path, home, hook):
    registry = emergency_story(tmp_path / "registry.git")
    station = Station(registry, tmp_path, home)
    (tmp_path / "secret").write_text(SECRET)
    station.configure(notifications=[{"id": "hook", "webhook": {"url": hook.url, "secret_file": "secret"}}])
    station.run()
    post = open_post((), tmp_path / "own", clock=registry.clock.now)
    found = emergency(registry.session("operator"), Emergency("fraud", "poisoned labels", "INC-7", None, None), post)
    for hours, told in ((1, 0), (46, 0), (2, 1), (1, 1)):
        registry.clock.tick(hours=hours)
        station.run()
        assert len(hook.deliveries) == told
    data = only(hook)
    assert (data["event"], data["severity"], data["routes"]) == (
        "ratification-overdue",
        "critical",
        ["ops", "security"],
    )
    assert (data["model"], data["incident"], data["commit"]) == ("fraud", "INC-7", found.step)
    assert data["actor"] == "operator"
