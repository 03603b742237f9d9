"""Many signatures at once, on every core that this process may use."""

import multiprocessing
import os
import sys
import threading
from collections.abc import Iterator, Sequence
from typing import Literal

from gitops_models.registry.values import dataclass
from gitops_models.trust.payload import commit_payload, tag_payload
from gitops_models.trust.verdicts import Judged, judged
from gitops_models.trust.verify import TakeApart, Trusted, named_tag, verify_many

__all__ = ["RawObject", "cores", "judge_all"]

_WORTH_IT = 400
_CHUNK = 200
_shared: list[Trusted] = []


@dataclass(frozen=True)
class RawObject:
    """The bytes of a commit or tag object; ``name`` is what a tag's ref calls it (None: not asked)."""

    kind: Literal["commit", "tag"]
    data: bytes
    name: str | None = None


def judge_all(objects: Sequence[RawObject], trusted: Trusted, *, workers: int | None = None) -> list[Judged]:
    """Judge ``objects``, in order. ``workers``: how many processes, by default what is worth it."""
    count = workers if workers is not None else _workers(len(objects))
    if count < 2:  # noqa: PLR2004 - one process is this one
        return _judge(objects, trusted)
    # A forked child has the trusted keys already, and nothing is imported twice.
    context = multiprocessing.get_context("fork")
    with context.Pool(count, _share, (trusted,)) as pool:
        return [one for chunk in pool.imap(_judge_chunk, _chunks(objects)) for one in chunk]


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else 1


def _workers(count: int) -> int:
    # Forking a process with threads can leave locks held for ever in the child.
    return 1 if count < _WORTH_IT or threading.active_count() > 1 else cores()


def _chunks(objects: Sequence[RawObject]) -> Iterator[Sequence[RawObject]]:
    return (objects[at : at + _CHUNK] for at in range(0, len(objects), _CHUNK))


def _share(trusted: Trusted) -> None:
    _shared[:] = [trusted]


def _judge_chunk(objects: Sequence[RawObject]) -> list[Judged]:
    return _judge(objects, _shared[0])


def _judge(objects: Sequence[RawObject], trusted: Trusted) -> list[Judged]:
    return [judged(found) for found in verify_many([(one.data, _taking(one)) for one in objects], trusted)]


def _taking(one: RawObject) -> TakeApart:
    if one.kind == "commit":
        return commit_payload
    return tag_payload if one.name is None else named_tag(one.name)
