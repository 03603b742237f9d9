import json

from gitops_models.policy.render.github import to_github
from gitops_models.policy.render.jsons import to_json
from gitops_models.policy.render.text import finding_text, to_text
from gitops_models.policy.render.words import listed, outcome
from gitops_models.policy.verdict import Counted, Finding, Ignored, QuorumResult, Severity, Verdict

CHANGE = "3fa9c1d2" + "0" * 56
DENIED = Finding(
    "GM-P401",
    Severity.DENY,
    "promotion of fraud@1.4.0 to production lacks 1 approval",
    "models/fraud/stages/production.yaml",
    "ask a domain-lead (lead3, lead4) to run `gm approve 3fa9c1d2`",
    (
        "risk is high: needs raio and domain-lead; has raio (signed, lead2)",
        "ignored: lead1 (author of the change)",
    ),
)
QUORUM = QuorumResult(
    what="promotion",
    basis="risk is high",
    where=None,
    required=("raio", "domain-lead"),
    counted=(Counted("raio", "lead2", "signed"),),
    missing=("domain-lead",),
    ignored=(Ignored("lead1", "author of the change"),),
    candidates={"domain-lead": ("lead3",)},
)


def verdict(*findings, quorums=(), allowed=False):
    return Verdict(allowed, findings, quorums, CHANGE)


def test_a_denial_has_the_shape_of_every_error():
    assert finding_text(DENIED) == (
        "error[GM-P401]: promotion of fraud@1.4.0 to production lacks 1 approval\n"
        "  at models/fraud/stages/production.yaml\n"
        "  risk is high: needs raio and domain-lead; has raio (signed, lead2)\n"
        "  ignored: lead1 (author of the change)\n"
        "  hint: ask a domain-lead (lead3, lead4) to run `gm approve 3fa9c1d2`\n"
        "  docs: docs/reference/codes.md#gm-p401"
    )


def test_missing_approvals_are_pending_and_anything_else_is_denied():
    other = Finding("GM-P301", Severity.DENY, "skipped")
    assert outcome(verdict(DENIED)) == "pending"
    assert outcome(verdict(DENIED, other)) == "denied"
    assert outcome(verdict(allowed=True)) == "allowed"


def test_an_allowed_change_shows_each_quorum_that_is_met():
    full = QuorumResult(
        "promotion", "risk is low", None, ("technical-lead",), (Counted("technical-lead", "a", "self"),)
    )
    text = to_text(verdict(quorums=(full,), allowed=True))
    assert text == (
        "promotion: risk is low: needs technical-lead; has technical-lead (self, a)\nallowed: change 3fa9c1d2\n"
    )


def test_a_finding_without_place_and_hint_is_two_lines():
    assert finding_text(Finding("GM-P108", Severity.WARN, "tag")) == (
        "warning[GM-P108]: tag\n  docs: docs/reference/codes.md#gm-p108"
    )


def test_control_and_bidi_characters_are_shown_as_escapes_everywhere():
    evil = Finding("GM-P001", Severity.INFO, "a\x1b[2Jb\u202ec", "mo\ndels", "h\x07", ("d\r",))
    for text in (to_text(verdict(evil)), to_github(verdict(evil)), json.dumps(to_json(verdict(evil)))):
        assert "\x1b" not in text
        assert "\u202e" not in text
        assert "\x07" not in text
    assert "a\\x1b[2Jb\\u202ec" in to_text(verdict(evil))


def test_json_names_findings_quorums_and_who_could_help():
    value = to_json(verdict(DENIED, quorums=(QUORUM,)))
    assert (value["apiVersion"], value["kind"], value["outcome"]) == ("gitops-models/v1", "Verdict", "pending")
    assert value["findings"][0]["code"] == "GM-P401"
    assert value["findings"][0]["docs"] == "docs/reference/codes.md#gm-p401"
    assert value["quorums"][0]["counted"] == [{"role": "raio", "person": "lead2", "how": "signed"}]
    assert value["quorums"][0]["ignored"] == [{"person": "lead1", "why": "author of the change"}]
    assert value["quorums"][0]["candidates"] == {"domain-lead": ["lead3"]}
    json.dumps(value)


def test_annotations_escape_what_ends_a_command():
    bad = Finding("GM-P001", Severity.DENY, "100% wrong", "models/a,b:c.yaml", None, ("second",))
    assert to_github(verdict(bad)) == ("::error file=models/a%2Cb%3Ac.yaml,title=GM-P001::100%25 wrong%0Asecond\n")
    assert to_github(verdict(Finding("GM-P108", Severity.WARN, "tag", None, "run it"))) == (
        "::warning title=GM-P108::tag%0Ahint: run it\n"
    )


def test_lists_read_like_a_sentence():
    assert [listed(()), listed("a"), listed("ab"), listed("abc")] == ["", "a", "a and b", "a, b and c"]


def test_a_verdict_says_whether_anybody_else_is_needed():
    own = QuorumResult("x", "y", None, ("technical-lead",), (Counted("technical-lead", "a", "self"),))
    signed = QuorumResult("x", "y", None, ("technical-lead",), (Counted("technical-lead", "a", "signed"),))
    assert not verdict(quorums=(own,)).quorum_needed
    assert verdict(quorums=(signed,)).quorum_needed
    assert verdict(quorums=(QUORUM,)).quorum_needed
    assert verdict(DENIED, DENIED).codes == ("GM-P401",)
