"""Policy tests: made-up registries and changes, judged by the one judge (``gm check --policy-tests``).

Everything is built in memory; nothing is read or written, and no clock is asked.
"""

from gitops_models.policy.trials.running import Trial, run

__all__ = ["Trial", "run"]
