"""The environment every git process of ours gets: the caller's, without anything that could steer git.

``GIT_*`` variables leak in from hooks, from ``git rebase --exec`` and from attackers of CI jobs (``GIT_CONFIG_COUNT``,
``GIT_SSH_COMMAND``, ``GIT_DIR``); each of them could point git at another repository or make it run a program. The
user's own configuration stays in force through the files it stands in.
"""

import os
from collections.abc import Mapping
from pathlib import Path

# Where the user's own configuration stands: without them a machine that keeps it elsewhere has no identity and no
# credential helper. They name files, they inject no settings.
CONFIGURATION = ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM")
# What receive-pack hands to a pre-receive hook: pushed objects lie in quarantine until the hook agrees.
QUARANTINE = ("GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_QUARANTINE_PATH")

PROTOCOLS = ("https", "ssh", "file")

FORCED = {
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_TERMINAL_PROMPT": "0",
    # Beats protocol.<name>.allow of any configuration file: ext:: runs commands, git:// and http:// can be rewritten.
    "GIT_ALLOW_PROTOCOL": ":".join(PROTOCOLS),
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "LC_ALL": "C",
    "LANGUAGE": "C",
}

SETTINGS = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.pager=cat",
    "protocol.allow=never",
    *(f"protocol.{name}.allow=always" for name in PROTOCOLS),
    "transfer.fsckObjects=true",
    "fetch.fsckObjects=true",
    "submodule.recurse=false",
    "gc.auto=0",
    "maintenance.auto=false",
    # A lock is held for milliseconds: wait this long before it is called stale (see locks.py).
    "core.filesRefLockTimeout=3000",
    "core.packedRefsTimeout=3000",
)


def scrub(environ: Mapping[str, str], *, quarantine: bool = False) -> dict[str, str]:
    """Copy ``environ`` without ``GIT_*``, with what every git process of ours must have.

    ``quarantine`` keeps the three variables of a pre-receive hook.
    """
    kept = CONFIGURATION + (QUARANTINE if quarantine else ())
    clean = {name: value for name, value in environ.items() if not name.startswith("GIT_") or name in kept}
    return clean | FORCED


def quarantine_directories(environ: Mapping[str, str], common_dir: Path) -> tuple[Path, ...]:
    """Give the object directories of the push that is being judged, if ``common_dir`` is the repository it goes to.

    receive-pack makes the quarantine inside the repository's own object directory; variables that point elsewhere
    belong to another repository (a hook that looks into a second one) and are ignored.
    """
    marked = environ.get("GIT_QUARANTINE_PATH", "")
    if not marked or environ.get("GIT_OBJECT_DIRECTORY", "") == "":
        return ()
    objects = os.path.realpath(common_dir / "objects")
    quarantine = os.path.realpath(marked)
    if os.path.dirname(quarantine) != objects or os.path.realpath(environ["GIT_OBJECT_DIRECTORY"]) != quarantine:  # noqa: PTH120 - compares realpath strings
        return ()
    alternates = environ.get("GIT_ALTERNATE_OBJECT_DIRECTORIES", "").split(os.pathsep)
    found = (Path(entry) for entry in alternates if entry and os.path.realpath(entry) != objects)
    return (Path(quarantine), *found)


def unwanted(environ: Mapping[str, str], clean: Mapping[str, str]) -> tuple[str, ...]:
    """Names that ``environ`` has and ``clean`` has not, for a runner that can only add variables."""
    return tuple(sorted(name for name in environ if name not in clean))
