"""Look-alikes beside the provenance of a version: whoever may attach some shuts nobody out."""

import json

import pytest

from gitops_models.policy.denied import Denied
from gitops_models.registry.canonical import jcs
from gitops_models.trust.keyless.provenance import unsigned, verify_provenance
from gitops_models.verification import provenance
from tests.support.provenance import ATTACHED, asking, attach, sign, statement


@pytest.fixture(name="story")
def _story(stack, tmp_path):
    return asking(tmp_path / "r", stack)


def named(name):
    return ATTACHED.replace("lineage", name)


def promotion(story):
    proposal = story.promote("fraud", "1.0.0", "production")
    story.approve(proposal, "lead")
    story.merge(proposal)
    return story.live_version("fraud", "production")


def checked(monkeypatch):
    """The bundles whose cryptography is looked at from now on."""
    seen = []

    def verify(data, *arguments, **keywords):
        seen.append(data)
        return verify_provenance(data, *arguments, **keywords)

    monkeypatch.setattr(provenance, "verify_provenance", verify)
    return seen


@pytest.mark.attack("look-alikes that take every place before the good signature is attached", "ignored", by="author")
def test_any_number_of_look_alikes_shuts_nobody_out(story, stack, tmp_path, monkeypatch):
    seen = checked(monkeypatch)
    junk = unsigned(jcs(statement(story)))
    other = sign(stack, tmp_path, statement(story), workflow_path=".github/workflows/other.yml")
    for tens in "abc":
        files = {named(f"{tens}{number:02}"): junk for number in range(15)}
        attach(story, files | {named(f"{tens}15"): other}, by="engineer2")
    with story.untouched(), pytest.raises(Denied) as refusal:
        story.promote("fraud", "1.0.0", "production")
    (found, _) = refusal.value.verdict.denials
    assert (found.code, len(found.details), found.details[-1]) == ("GM-P331", 17, "32 more")
    assert ["GM-T700" in detail for detail in found.details[:16]] == [True] * 15 + [False]
    assert "GM-T703" in found.details[15]
    assert seen == []
    good = sign(stack, tmp_path, statement(story))
    attach(story, good)
    assert promotion(story) == "1.0.0"
    assert seen == [good]


@pytest.mark.lookalike("a second signature of the same workload, which nobody has to look at")
def test_the_first_that_holds_is_the_last_that_is_looked_at(story, stack, tmp_path, monkeypatch):
    first = sign(stack, tmp_path, statement(story))
    attach(story, {named("a"): first, named("b"): sign(stack, tmp_path, statement(story))})
    seen = checked(monkeypatch)
    assert promotion(story) == "1.0.0"
    assert seen == [first]


def test_a_copied_certificate_gets_no_further_than_its_signature(story, stack, tmp_path):
    good = sign(stack, tmp_path, statement(story))
    fields = json.loads(good)
    fields["dsseEnvelope"]["signatures"] = [{"sig": "AAAA"}]
    attach(story, {named("a"): json.dumps(fields).encode()}, by="engineer2")
    with story.untouched(), pytest.raises(Denied) as refusal:
        story.promote("fraud", "1.0.0", "production")
    assert refusal.value.verdict.denials[0].code == "GM-P331"
    attach(story, good)
    assert promotion(story) == "1.0.0"
