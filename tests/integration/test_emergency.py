"""``gm rollback --emergency`` and ``gm approve --ratify`` on the command line, against a server with its door."""

import subprocess

import pytest

from gitops_models.errors import Exit
from gitops_models.workflows.clock import SystemClock
from tests.support.git import clone_repository
from tests.support.keys import ed25519_key
from tests.support.registry import PEOPLE, SHORT
from tests.support.station import Station, three_versions
from tests.support.team import Team, gm

RULES = {"role": ["operator"], "ratify_within_hours": 48, "at_most": {"count": 1, "per_hours": 24}}
DECLARE = ("rollback", "fraud", "--emergency", "--incident", "INC-412", "-m", "scores of others are shown")


class Site:
    """A team with a server and its door, three versions of high risk, and a station that serves them."""

    def __init__(self, root, home):
        self.root, self.home = root, home
        self.team = Team(root, home, PEOPLE, policy="minimal", emergency=RULES, **SHORT)
        three_versions(self.team.registry, "high")
        (root / "site").mkdir()
        self.station = Station(self.team.registry, root / "site", home)
        self.station.clock = SystemClock()
        self.station.run()
        assert self.station.served() == "1.2.0"
        self.team.install_door()

    @property
    def tip(self):
        return self.team.git("rev-parse", "main").strip()

    def branches(self):
        return self.team.git("for-each-ref", "refs/heads/gm/").strip()

    def tells(self, script):
        """From now on every notice runs this, with the event on standard input."""
        page = self.root / "page"
        page.write_text(f"#!/bin/sh\n{script}\n")
        page.chmod(0o755)
        file = self.root / "notifications.yaml"
        file.write_text(
            f"apiVersion: gitops-models/v1\nkind: Notifications\nnotifications: [{{id: security, command: [{page}]}}]\n"
        )
        subprocess.run(["git", "config", "--global", "gm.notifications", str(file)], check=True, timeout=60)


@pytest.fixture
def site(tmp_path, home):
    return Site(tmp_path, home)


def refused(ran, status, code):
    assert (ran.status, ran.error["code"]) == (status, code), ran.err


@pytest.mark.clause("A-emergency-1", "A-testing-6", "A-limits-8")
def test_from_a_fresh_clone_one_command_lands_it_and_the_reconciler_serves_the_last_known_good(site, home):
    key = site.root / "keys" / "operator"
    ed25519_key("operator").write(key)
    settings = {"user.name": "operator", "user.email": "operator@example.org", "gpg.format": "ssh"}
    for name, value in {**settings, "user.signingkey": str(key)}.items():
        subprocess.run(["git", "config", "--global", name, value], check=True, timeout=60)
    clone_repository(site.team.path, site.root / "fresh", home)
    done = gm(site.root / "fresh", "--json", *DECLARE)  # the one command
    assert done.status == 0, done.err
    assert (done.json["state"], done.json["step"]) == ("landed", site.tip)
    assert done.json["stages"] == {"production": "1.1.0", "staging": "1.1.0"}
    assert done.json["captured"]["version"] == "1.2.0"
    assert {one["target"] for one in done.json["captured"]["served"]} == {"eu"}
    assert site.branches() == ""
    report = site.station.run()
    assert (site.station.served(), report.commit) == ("1.1.0", site.tip)
    looked = gm(site.root / "fresh", "status")
    assert done.seconds < 8 * looked.seconds  # side by side on this machine: a whole emergency against one look
    again = gm(site.root / "fresh", "--json", *DECLARE)
    assert (again.status, again.json["state"], again.json["step"]) == (0, "already", site.tip)


@pytest.mark.clause("A-emergency-2", "A-execution-6", "A-execution-7")
def test_security_is_alerted_before_anything_is_done_and_told_when_it_is(site):
    seen, clone, before = site.root / "seen", site.team.clone("operator"), site.tip
    script = f'grep -o \'"event":"[a-z-]*"\' >> {seen}; git -C {site.team.path} rev-parse main >> {seen}'
    site.tells(script)
    assert gm(clone, *DECLARE, "--dry-run").status == 0
    assert not seen.exists()
    assert gm(clone, *DECLARE).status == 0
    assert seen.read_text().split() == [
        '"event":"emergency-initiated"',
        before,
        '"event":"emergency-completed"',
        site.tip,
    ]
    lines = len(seen.read_text().split())
    assert gm(clone, *DECLARE).out.startswith("already there")
    assert len(seen.read_text().split()) == lines
    site.tells(f"cat >> {seen}; exit 1")
    other = gm(site.team.clone("engineer"), "--json", *DECLARE[:4], "INC-9", *DECLARE[5:])
    assert (other.status, "GM-P601" in other.err, "GM-R702" in other.err) == (Exit.DENIED, True, True)
    assert "emergency-failed" in seen.read_text()
    waits = gm(clone, "--json", *DECLARE[:4], "INC-413", *DECLARE[5:])
    assert (waits.status, waits.json["state"]) == (0, "waits"), waits.err
    assert "GM-R702" in waits.err


def test_beyond_the_rate_it_waits_for_a_second_person_and_the_same_command_lands_it(site):
    clone = site.team.clone("operator")
    assert gm(clone, *DECLARE).status == 0
    second = (*DECLARE[:4], "INC-413", *DECLARE[5:])
    before = site.tip
    waits = gm(clone, *second)
    assert (waits.status, site.tip) == (0, before)
    assert "needs second person" in waits.out
    again = gm(clone, "--json", *second)
    assert (again.json["state"], len(site.branches().splitlines())) == ("waits", 1)
    lead = site.team.clone("lead")
    proposal = gm(lead, "--json", "proposals").json["proposals"][0]["id"]
    assert gm(lead, "approve", proposal).status == 0
    landed = gm(clone, "--json", *second)
    assert (landed.json["state"], landed.json["step"], site.branches()) == ("landed", site.tip, "")


@pytest.mark.clause("A-limits-5")
def test_others_ratify_it_and_every_view_says_how_it_stands(site):
    clone = site.team.clone("operator")
    change = gm(clone, "--json", *DECLARE).json["changeId"]
    shown = gm(clone, "--json", "status").json
    assert [(one["state"], one["missing"]) for one in shown["emergencies"]] == [("open", ["raio"])]
    assert f"to ratify: emergency {change[:8]} of fraud" in gm(clone, "show", "fraud").out
    assert "emergency, not ratified" in gm(clone, "log", "fraud").out
    own = gm(clone, "approve", "--ratify", "fraud#production")
    assert (own.status, "it does not count: author of the change" in own.out) == (0, True)
    raio = site.team.clone("raio")
    refused(gm(raio, "--json", "approve", "--ratify", "fraud#elsewhere"), Exit.NOT_FOUND, "GM-C235")
    refused(gm(raio, "--json", "approve", "--ratify", change[:8], "--change", "0" * 8), Exit.CONFLICT, "GM-F103")
    assert gm(raio, "approve", "--ratify", change[:8], "--sign", "keyless").status == Exit.USAGE
    file = site.root / "decision.json"
    assert gm(raio, "approve", "--ratify", change[:8], "--out", str(file)).status == 0
    assert gm(clone, "--json", "status").json["emergencies"][0]["state"] == "open"
    assert gm(clone, "trust", "ledger", "add", str(file)).status == 0
    ratified = gm(clone, "--json", "status").json["emergencies"][0]
    assert (ratified["state"], ratified["ratifiedBy"]) == ("ratified", ["raio"])
    rows = gm(clone, "--json", "log", "fraud", "--event", "rolled-back").json["rows"]
    assert [(row["mode"], row["ratified"]) for row in rows] == [("emergency", ["raio"])] * 2
    assert gm(clone, "verify").status == 0
    rejected = gm(raio, "--json", "approve", "--ratify", change[:8], "--reject", "-m", "it was no emergency")
    assert (rejected.json["state"], rejected.json["rejectedBy"]) == ("open", ["raio"])


@pytest.mark.clause("A-limits-8", "A-testing-7")
def test_with_the_forge_out_of_reach_it_is_kept_and_a_bundle_or_an_override_reaches_reconcilers(site):
    clone, file = site.team.clone("operator"), site.root / "emergency.bundle"
    with site.station.down():
        lost = gm(clone, "--json", *DECLARE)
        refused(lost, Exit.EXTERNAL, "GM-C237")
        assert any("--override FILE" in line for line in lost.error["details"])
        assert site.team.git("for-each-ref", "refs/heads/gm/rollback/", path=clone)
        held = gm(clone, "rollback", "fraud", "--override", str(site.root / "hold.json"), "-m", "the forge is down")
        assert held.status == 0, held.err
        made = gm(clone, "--json", *DECLARE, "--bundle", str(file))
        assert (made.status, made.json["state"]) == (0, "landed"), made.err
        (site.station.root / "bundles" / "a.bundle").write_bytes(file.read_bytes())
        report = site.station.run()
        assert (site.station.served(), report.commit) == ("1.1.0", made.json["step"])
    landed = gm(clone, "--json", "merge", "--from", str(file))
    assert (landed.status, site.tip) == (0, made.json["step"]), landed.err
    assert gm(clone, "--json", *DECLARE).json["state"] == "already"


@pytest.mark.parametrize(
    "words",
    [
        ("rollback", "fraud", "--emergency", "-m", "x"),
        ("rollback", "fraud", "--emergency", "--incident", " ", "-m", "x"),
        (*DECLARE, "--to", "1.0.0"),
        (*DECLARE, "--no-hold"),
        (*DECLARE, "--merge"),
        (*DECLARE, "--no-push"),
        (*DECLARE, "--before-commit", "1234567"),
        (*DECLARE, "--quarantine-siblings"),
        (*DECLARE, "--override", "hold.json"),
    ],
)
def test_what_an_emergency_never_does_is_refused_before_anything_is_done(tmp_path, words):
    assert gm(tmp_path, *words).status == Exit.USAGE
