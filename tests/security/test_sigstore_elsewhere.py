"""The token of a run goes to the servers that the accepted trusted root names, whatever a variable says."""

import json

import jwt
import pytest

from gitops_models.errors import GmError
from gitops_models.trust.keyless.sign import keyless_signer
from gitops_models.workflows.receipt import receipts
from gitops_models.workflows.receiptpens import keyless_pen
from tests.support.onforge import Pulls, on_page, seen, told
from tests.support.provenance import ROOT, workflow
from tests.support.sigstore_loopback import github_claims, loopback

FLOW = ".github/workflows/gm-receipt.yml"


@pytest.fixture(name="thief")
def _thief():
    """A Sigstore of somebody's own, and the tokens that it was sent."""
    with loopback() as thief:
        thief.taken = []

        def certify(_request, token):
            thief.taken.append(token)
            raise jwt.InvalidTokenError

        thief.certify = certify
        yield thief


@pytest.fixture(name="story")
def _story(tmp_path, stack):
    files = {ROOT: json.dumps(stack.root).encode(), FLOW: b"on: push\n"}
    story = told(tmp_path / "r", files=files, workflows=[workflow(stack)])
    story.head = story.promote("fraud", "1.0.0", "staging").head
    story.step = on_page(story, story.head)
    story.pulls = Pulls()
    story.pulls.add(7, story.step, story.head, seen(story, "lead", commit=story.head))
    return story


def run_of(story, stack, place, config):
    """The signer of a run on the tip whose variable is ``config``."""
    place.write_text(json.dumps(config))
    stack.claims = github_claims(sha=story.tip)
    return keyless_signer(place, token=stack.token())


def give(story, stack, place, config):
    """``gm receipt`` of such a run."""
    signer = run_of(story, stack, place, config)
    story.clock.tick()
    return receipts(story.session("scribe"), story.pulls, lambda session: keyless_pen(session, signer))


def elsewhere(stack, thief, kind):
    """The configuration of the pinned instance with the servers of ``kind`` replaced, or with another root."""
    config, theirs = stack.config(), thief.config()
    if kind == "everything":
        return theirs
    config["signingConfig"][kind] = theirs["signingConfig"][kind]
    return config


@pytest.mark.attack("a variable of the forge that sends a run's token to another Sigstore", "GM-T716", by="ci")
@pytest.mark.parametrize("kind", ["everything", "caUrls", "rekorTlogUrls", "tsaUrls"])
def test_the_token_goes_to_no_server_that_the_pinned_root_does_not_name(story, stack, thief, tmp_path, kind):
    with story.untouched(), pytest.raises(GmError) as refused:
        give(story, stack, tmp_path / "variable.json", elsewhere(stack, thief, kind))
    assert (refused.value.code, thief.taken) == ("GM-T716", [])
    assert thief.url in refused.value.message


@pytest.mark.lookalike("a configuration of the pinned instance")
def test_the_servers_of_the_pinned_root_get_the_token(story, stack, tmp_path):
    pen = keyless_pen(story.session("scribe"), run_of(story, stack, tmp_path / "variable.json", stack.config()))
    assert (pen.workload, pen.commit) == ("scribe", story.tip)


@pytest.mark.parametrize("uri", ["", None])
def test_a_root_that_names_no_server_sends_the_token_nowhere(stack, tmp_path, uri):
    authority = {**stack.root["certificateAuthorities"][0], "uri": uri}
    root = json.dumps({**stack.root, "certificateAuthorities": [authority]}).encode()
    story = told(tmp_path / "r", files={ROOT: root}, workflows=[workflow(stack)])
    signer = run_of(story, stack, tmp_path / "variable.json", stack.config())
    with story.untouched(), pytest.raises(GmError) as refused:
        keyless_pen(story.session("scribe"), signer)
    assert refused.value.code == "GM-T716"
