"""The composite action, run by act: installed from its own checkout, judging with what it was given alone."""

import pytest

from tests.support.act import ROOT, Hosted

ACTION = "acme/gitops-models@" + "1" * 40
USES = """
on: push
jobs:
  judge:
    runs-on: ubuntu-latest
    steps:
      - id: gm
        uses: {action}
        with: {{{given}}}
      - run: echo "path=$GM"
        env: {{GM: "${{{{ steps.gm.outputs.gm }}}}"}}
"""
# Stands where Python is: makes no environment but what the action goes on to call.
PYTHON = """#!/bin/sh
mkdir -p "$3/bin"
printf '#!/bin/sh\\necho "installs: $*"; grep -c == "$4" | sed "s/^/pinned: /"\\n' >"$3/bin/pip"
printf '#!/bin/sh\\necho "asked: $*; pin: $GM_PIN"; exit ${WITNESS_STATUS:-0}\\n' >"$3/bin/gm"
chmod +x "$3/bin/pip" "$3/bin/gm"
"""


@pytest.fixture
def hosted(tmp_path):
    made = Hosted(tmp_path)
    made.action = tmp_path / "action"
    made.action.mkdir()
    for name in ("action.yml", "requirements.lock"):
        (made.action / name).write_bytes((ROOT / name).read_bytes())
    (tmp_path / "python").write_text(PYTHON)
    (tmp_path / "python").chmod(0o755)
    return made


def used(hosted, given, **environment):
    given = ", ".join([f'python: "{hosted.folder / "python"}"', *(f'{key}: "{value}"' for key, value in given.items())])
    place = hosted.clone / ".github" / "workflows" / "uses.yml"
    place.write_text(USES.format(action=ACTION, given=given))
    more = ["--local-repository", f"{ACTION}={hosted.action}"]
    return hosted.run("uses.yml", "push", {"ref": "refs/heads/main"}, environment=environment, more=more)


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        ({"base": "main", "head": "topic"}, "check --format=github --base=main --head=topic; pin: "),
        ({}, "check --format=github --documents --head=HEAD; pin: "),
        ({"pull-request": "7", "post": "true", "pin": "abc"}, "check --format=github --pr=7 --post; pin: abc"),
        (
            {"base": "$(touch run)", "head": "--merge"},
            "check --format=github --base=$(touch run) --head=--merge; pin: ",
        ),
    ],
)
def test_the_action_asks_what_it_was_given(hosted, given, asked):
    done = used(hosted, given)
    assert done.returncode == 0, done.stdout
    assert f"asked: -C . --no-input {asked}" in done.stdout


def test_a_denial_fails_the_action(hosted):
    assert used(hosted, {"base": "main"}, WITNESS_STATUS="3").returncode == 1


def test_gm_comes_from_the_actions_own_checkout_with_the_locked_versions(hosted):
    done = used(hosted, {})
    locked = sum("==" in line for line in (ROOT / "requirements.lock").read_text().splitlines())
    assert f"pinned: {locked}" in done.stdout, done.stdout
    (installs,) = [line for line in done.stdout.splitlines() if "installs: " in line]
    assert "--constraint" in installs
    assert "gitops-models==" not in installs
