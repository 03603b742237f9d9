"""DER (ITU-T X.690): the one encoding of a value, read as a tree of tagged bytes. Anything else is GM-T050."""

from gitops_models.registry.values import dataclass
from gitops_models.trust.problem import SignatureProblem

__all__ = ["Node", "read_der"]

_LONG = 0x80
_MANY_TAGS = 0x1F
_DEEPEST = 4


@dataclass(frozen=True)
class Node:
    """One value: its tag, its content, and ``raw``, both with the length between them."""

    tag: int
    body: bytes
    raw: bytes

    def children(self) -> tuple["Node", ...]:
        """Return the values that the content is made of."""
        found, at = [], 0
        while at < len(self.body):
            node = _read(self.body, at)
            found.append(node)
            at += len(node.raw)
        return tuple(found)


def read_der(data: bytes) -> Node:
    """Return the one value that ``data`` is."""
    node = _read(data, 0)
    if len(node.raw) != len(data):
        raise SignatureProblem("GM-T050", "bytes after the value")
    return node


def _read(data: bytes, at: int) -> Node:
    head = data[at : at + 2]
    if len(head) < 2 or head[0] & _MANY_TAGS == _MANY_TAGS:  # noqa: PLR2004 - tag and length
        raise SignatureProblem("GM-T050", "a value is cut short, or its tag is of no known form")
    start, size = at + 2, head[1]
    if size & _LONG:
        octets = size & ~_LONG
        start, size = start + octets, int.from_bytes(data[start : start + octets], "big")
        # DER has one length for each size: definite, and in the fewest octets.
        if not 0 < octets <= _DEEPEST or size < _LONG or size >> 8 * (octets - 1) == 0:
            raise SignatureProblem("GM-T050", "a length that DER writes otherwise")
    if start + size > len(data):
        raise SignatureProblem("GM-T050", "a value is cut short")
    return Node(head[0], data[start : start + size], data[at : start + size])
