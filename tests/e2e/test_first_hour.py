"""The first hour of a new user: the README's own commands, run by the installed wheel in an empty home."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.installed import run
from tests.support.models import write_linear

MARK = "<!-- tests/e2e/test_first_hour.py runs this block -->\n```sh\n"
COMMANDS = 12
PLACEHOLDER = re.compile(r"\b(MODEL|VERSION|PATH|REF|STAGE|ID)\b")


@dataclass(frozen=True)
class Line:
    """One command of the README and how it ended."""

    text: str
    status: int
    out: str
    err: str
    untidy: str

    @property
    def following(self):
        return self.err.rstrip("\n").split("\n")[-1].removeprefix("next: ")


def readme_lines(root):
    block = (root / "README.md").read_text().split(MARK)[1].split("```")[0]
    lines = [re.sub(r"\s+#.*", "", line).strip() for line in block.splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def as_script(lines, notes):
    """Every line in one shell, with its output, status and what it left untidy kept apart."""
    parts = []
    for number, line in enumerate(lines):
        command = line.replace("gm ", "gm --no-input ", 1) if line.startswith("gm ") else line
        kept = notes / str(number)
        parts += [
            f"{{ {command}; }} >{kept}.out 2>{kept}.err; echo $? >{kept}.status",
            f"git status --porcelain >{kept}.untidy 2>&1",
        ]
    return "\n".join(parts)


def read(notes, number, text):
    out, err, status, untidy = (
        Path(f"{notes / str(number)}.{kind}").read_text() for kind in ("out", "err", "status", "untidy")
    )
    return Line(text, int(status), out, err, untidy)


@pytest.fixture(scope="module")
def hour(installed, repository_root, tmp_path_factory):
    """The whole README block, run once: its lines by their text, and where it ran."""
    desk, notes, home = (tmp_path_factory.mktemp(name) for name in ("desk", "notes", "empty-home"))
    write_linear(desk / "v1" / "model.onnx", (0.5, -0.25))
    write_linear(desk / "v2" / "model.onnx", (-0.5, 0.25))
    lines = readme_lines(repository_root)
    environment = {"HOME": str(home), "GIT_CONFIG_GLOBAL": "", "PATH": f"{installed.bin}:{os.environ['PATH']}"}
    done = run(["env", "-u", "GIT_CONFIG_GLOBAL", "bash", "-c", as_script(lines, notes)], desk, env=environment)
    assert done.err == ""
    return desk, [read(notes, number, text) for number, text in enumerate(lines)]


def gm_lines(hour):
    return [line for line in hour[1] if line.text.startswith("gm ")]


def test_the_readme_takes_at_most_twelve_commands(hour):
    assert 0 < len(gm_lines(hour)) <= COMMANDS


def test_every_command_ends_as_the_readme_says(hour):
    wrong = {
        line.text: (line.status, line.err)
        for line in hour[1]
        if line.status != (8 if "--exit-code" in line.text else 0)
    }
    assert wrong == {}


def test_after_every_command_the_clone_is_clean(hour):
    assert {line.text: line.untidy for line in gm_lines(hour) if line.untidy} == {}


def test_every_command_names_the_next_with_the_names_of_this_registry(hour):
    following = {line.text: line.following for line in gm_lines(hour)}
    assert all(command.startswith("gm ") for command in following.values()), following
    after_init = {text: command for text, command in following.items() if not text.startswith("gm init")}
    assert {text: command for text, command in after_init.items() if PLACEHOLDER.search(command)} == {}


def test_the_overwritten_byte_is_seen_and_healed(hour):
    seen = next(line for line in gm_lines(hour) if "--exit-code" in line.text)
    healed = hour[1][hour[1].index(seen) + 1]
    assert "changed-bytes: model.onnx" in seen.out
    assert seen.following == healed.text.split("  #")[0]
    assert "healed" in healed.out


def test_after_the_rollback_the_first_model_is_served_again(hour):
    desk, lines = hour
    served = desk / "serving" / "fraud" / "production" / "current" / "model.onnx"
    assert served.read_bytes() == (desk / "v1" / "model.onnx").read_bytes()
    assert "production: 1.1.0 -> 1.0.0" in lines[-1].out
    assert "worse as served" in lines[-1].out


def test_the_log_of_plain_git_tells_the_same_story(hour):
    done = run(["git", "log", "--first-parent", "--reverse", "--format=%s"], hour[0] / "registry")
    assert done.out.splitlines() == [
        "gm: set up the model registry",
        "merge: register(fraud): 1.0.0",
        "merge: promote(fraud/production): nothing to 1.0.0",
        "merge: register(fraud): 1.1.0",
        "merge: promote(fraud/production): 1.0.0 to 1.1.0",
        "merge: revert(fraud/production): roll back 1.1.0 to 1.0.0",
    ]


def test_an_unmodified_dvc_pulls_the_same_bytes_in_a_clone(hour, installed):
    desk = hour[0]
    run(["git", "clone", "--quiet", "registry", "clone"], desk)
    # The default DVC remote is a directory beside the repository, so a clone beside it finds it too.
    pulled = installed.python(desk / "clone", "-m", "dvc", "pull", "--quiet")
    assert (pulled.status, pulled.err) == (0, "")
    versions = desk / "clone" / "models" / "fraud" / "versions"
    assert (versions / "1.0.0" / "model.onnx").read_bytes() == (desk / "v1" / "model.onnx").read_bytes()
    assert run(["git", "status", "--porcelain"], desk / "clone").out == ""
