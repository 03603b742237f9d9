"""Which of the ``gm`` processes that tests start are measured: coverage makes each of them half as slow again."""

import os

SETTING = "COVERAGE_PROCESS_CONFIG"  # with it coverage measures a process from its start
GROUPS = frozenset({"trust", "policy", "cause", "hook"})
_CONFIGURED = os.environ.get(SETTING)  # as it was before a test took it away
_seen: set[tuple[str, ...]] = set()


def measuring(words: tuple[str, ...]) -> dict[str, str]:
    """The setting for the first process of each verb with its options in this worker, nothing for the others."""
    verb = words[: 2 if words[:1] and words[0] in GROUPS else 1]
    kind = (*verb, *sorted(word for word in words if word.startswith("-")))
    if _CONFIGURED is None or kind in _seen:
        return {}
    _seen.add(kind)
    return {SETTING: _CONFIGURED}
