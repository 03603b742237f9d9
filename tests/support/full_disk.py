"""A reconciler whose disk is full: everything that it writes lies on a tmpfs of a mount namespace of its own.

Run inside ``unshare --mount``: it builds a site, and for each amount of room that is left deploys, makes room, and
deploys again; a line of JSON tells what came of each.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from gitops_models.errors import GmError
from tests.support.delivery import content_of
from tests.support.delivery_site import STATE_PATH, Site

DISK = "16m"


class SmallSite(Site):
    """What the reconciler writes is on a disk of its own."""

    def configure(self, pin):
        super().configure(pin)
        self.srv = self.root / "disk/srv"
        text = (
            self.config.read_text().replace("path: srv", "path: disk/srv").replace("state: state", "state: disk/state")
        )
        self.config.write_text(text)


class Disk:
    """A tmpfs that can be filled up to what is to be left."""

    def __init__(self, root, kept):
        self.root, self.kept = root, kept
        self.ballast = root / "ballast"

    def __enter__(self):
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", self.root], check=True, timeout=60)
        if self.kept.exists():
            shutil.copytree(self.kept, self.root, symlinks=True, dirs_exist_ok=True)
        return self

    def __exit__(self, *_):
        # Lazily: a pack of the mirror may still be mapped.
        subprocess.run(["umount", "--lazy", self.root], check=True, timeout=60)

    @property
    def room(self):
        found = os.statvfs(self.root)
        return found.f_bavail * found.f_frsize

    def leave(self, room):
        """Fill it until ``room`` bytes are left."""
        with self.ballast.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, max(self.room - room, 1))


def attempt(site):
    """What one run came to: nothing where all is well, else the codes of what is wrong."""
    try:
        report = site.run()
    except GmError as error:
        return [error.code]
    problems = [*(error for _, error in report.problems), *(result.error for result in report.results if result.error)]
    if report.records.problem:
        problems.append(report.records.problem)
    return sorted({error.code for error in problems})


def served(site):
    """The version whose bytes are served whole; ``nothing``, or ``torn``."""
    if not (site.srv / "fraud/production/current").is_symlink():
        return "nothing"
    found = site.served()
    return next((version for version in ("1.0.0", "1.1.0") if found == content_of(version)), "torn")


def tell(**facts):
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


def try_sizes(site, kept, name, count):
    """Deploy with ``count`` amounts of room, from none to just enough."""
    with Disk(site.root / "disk", kept) as disk:
        before = disk.room
        assert attempt(site) == []
        needed, new = before - disk.room, served(site)
    for number in range(count):
        with Disk(site.root / "disk", kept) as disk:
            old = served(site)
            disk.leave(needed * number // count)
            codes, during = attempt(site), served(site)
            disk.ballast.unlink()
            again, after = attempt(site), served(site)
        facts = {"codes": codes, "old": old, "during": during, "again": again, "after": after, "new": new}
        tell(scenario=name, room=needed * number // count, needed=needed, **facts)


def main(folder, count):
    root = Path(folder)
    root.mkdir()
    site, kept, nothing = SmallSite(root, Path.home()), root / "kept", root / "nothing"
    (root / "disk").mkdir()
    with Disk(root / "disk", nothing):
        assert attempt(site) == []
        shutil.copytree(root / "disk", kept, symlinks=True)
    try_sizes(site, nothing, "first", count // 2)
    site.configure(site.work.commit({STATE_PATH: site.stage_state("1.1.0")}, "Promote"))
    site.push()
    try_sizes(site, kept, "promotion", count - count // 2)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
