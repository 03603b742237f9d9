"""What strangers write into titles, bodies, branch names and payloads is never read as a command or an option."""

import pytest

from tests.support.act import Hosted, pull_request, stand_in

# Each would leave a file behind if any shell, or gm's own command line, took it for more than text.
EVIL = '"; touch {mark} #$(touch {mark})`touch {mark}`\n::set-output name=x::y\n${{{{ github.token }}}}'
BRANCH = '$(touch${{IFS}}{mark})";touch${{IFS}}{mark};"'  # a name that git takes
CARELESS = """
on: pull_request_target
jobs:
  careless:
    runs-on: ubuntu-latest
    steps: [{run: 'echo "${{ github.event.pull_request.%s }}"'}]
"""
WITNESS = '#!/bin/sh\nfor word; do printf "word: [%s]\\n" "$word"; done\n'


@pytest.fixture
def hosted(tmp_path):
    return Hosted(tmp_path)


@pytest.fixture
def witness(tmp_path):
    return stand_in(tmp_path / "bin", WITNESS)


@pytest.fixture
def evil(tmp_path):
    """A text and the name of a branch that would make a file, and the file."""
    mark = tmp_path / "was-run"
    return EVIL.format(mark=mark), BRANCH.format(mark=mark), mark


def hostile(hosted, head, text, branch):
    event = pull_request(hosted.base, head, head_ref=branch)
    event["pull_request"] |= {"title": text, "body": text, "user": {"login": text}, "labels": [{"name": text}]}
    event["pull_request"]["head"] |= {"label": text, "repo": {"full_name": text, "clone_url": text}}
    return event | {"sender": {"login": text}}


@pytest.mark.parametrize(
    ("workflow", "event"), [("gm-policy.yml", "pull_request_target"), ("gm-lint.yml", "pull_request")]
)
def test_a_pull_request_with_hostile_names_and_words_is_judged_and_does_nothing(hosted, witness, evil, workflow, event):
    text, branch, mark = evil
    head = hosted.commit(branch, {"evil.sh": f"touch {mark}\n"})
    done = hosted.run(workflow, event, hostile(hosted, head, text, branch), path=witness)
    assert (done.returncode, mark.exists()) == (0, False), done.stdout
    assert f"word: [{head}]" in done.stdout


@pytest.mark.parametrize("event", ["workflow_dispatch", "repository_dispatch"])
def test_what_is_asked_of_a_rollback_is_one_word_each_and_no_option(hosted, witness, evil, event):
    (witness / "gm").write_text(WITNESS + "echo '{\"number\": 7}'\n")
    text, _, mark = evil
    wish = {"model": "--emergency", "stage": text, "reason": text, "cause": "--merge", "incident": "x y", "to": "-C/"}
    payload = {"inputs": wish} if event == "workflow_dispatch" else {"action": "gm-rollback", "client_payload": wish}
    payload["repository"] = {"default_branch": "main"}
    done = hosted.run("gm-rollback.yml", event, payload, path=witness)
    assert not mark.exists(), done.stdout
    words = done.stdout.split("word: [rollback]", 1)[1]
    assert "word: [--cause=--merge]" in words
    assert "word: [--to=-C/]" in words
    assert words.index("word: [--]") < words.index("word: [--emergency]")


@pytest.mark.parametrize("field", ["title", "head.ref"])
def test_a_careless_workflow_would_have_run_them(hosted, evil, field):
    text, branch, mark = evil
    (hosted.clone / ".github" / "workflows" / "careless.yml").write_text(CARELESS % field)
    hosted.run("careless.yml", "pull_request_target", hostile(hosted, hosted.base, text, branch))
    assert mark.exists()
