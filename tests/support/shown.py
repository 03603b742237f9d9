"""A site whose repository is on the fake of GitHub and that shows there what it serves."""

import os

from gitops_models.delivery.assemble import open_reconciler
from gitops_models.delivery.config import read_config
from gitops_models.forge.github.connect import Patience, github_of
from gitops_models.forge.github.mirror import GitHubDeployments
from tests.support.station import Station, emergency

PRODUCTION = "production/fraud"


class Place:
    """A site whose repository is on the fake, read over Git; its account may write deployments."""

    def __init__(self, root, home, fake):
        self.fake = fake
        self.registry = emergency(root / "registry.git")
        self.repo = fake.repository("acme", "registry", path=self.registry.path)
        (root / "site").mkdir()
        self.station = Station(self.registry, root / "site", home)
        self.station.configure(mirror="github")
        self.said = []

    def client(self):
        """The API as the site sees it; nothing is waited for."""
        environ = {**os.environ, **self.fake.environ("site")}
        return github_of(self.repo.remote_url, environ, Patience(10.0, limit=0.0, pauses=()))

    def run(self, *, show=None):
        """Reconcile once; what was said of showing is kept."""
        show = show or (lambda _address: GitHubDeployments(self.client()))
        config = read_config(self.station.config)
        with open_reconciler(config, clock=self.station.now, lock_wait=0.1, show=show) as reconciler:
            report = reconciler.run()
            self.said += [error.code for error in reconciler.mirror.drain()]
        return report

    def again(self, **options):
        """The same after the pause of a forge that failed, and with nothing left of what was shown."""
        (self.station.root / "state/shown.json").unlink(missing_ok=True)
        return self.run(**options)

    def shown(self):
        """Version and the states of every deployment to production, oldest first."""
        found = [one for one in self.repo.deployments.values() if one.given["environment"] == PRODUCTION]
        return [(one.given["payload"]["version"], [each.given["state"] for each in one.statuses]) for one in found]
