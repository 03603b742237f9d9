"""Exact matching of distinct persons to the slots of a quorum (TRUST.md section 3).

A greedy choice fails on A{raio, domain-lead} + B{raio}: giving A the raio slot leaves domain-lead empty although the
quorum is met. So this is maximum bipartite matching by augmenting paths. Quorums are small, clarity wins.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

from gitops_models.registry.values import dataclass


@dataclass(frozen=True)
class Slot:
    """``of`` distinct persons who hold ``role``, or one of ``alternatives`` where these are given."""

    role: str
    of: int = 1
    alternatives: tuple[str, ...] = ()

    @classmethod
    def any_of(cls, roles: Iterable[str]) -> "Slot":
        """One person who holds any of ``roles``."""
        alternatives = tuple(dict.fromkeys(roles))
        return cls(" or ".join(alternatives), 1, alternatives)

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles of which one is enough."""
        return self.alternatives or (self.role,)

    def __str__(self) -> str:
        return self.role if self.of == 1 else f"{self.of} x {self.role}"


@dataclass(frozen=True)
class Matching:
    """``filled`` are (role, person) pairs in slot order, ``missing`` repeats a role for each absent person."""

    filled: tuple[tuple[str, str], ...]
    missing: tuple[str, ...]


def seats(slots: Sequence[Slot]) -> tuple[str, ...]:
    """One role per person needed: a slot of two gives its role twice."""
    return tuple(slot.role for slot in slots for _ in range(slot.of))


def match(slots: Sequence[Slot], roles: Mapping[str, frozenset[str]]) -> Matching:
    """Fill as many seats as distinct persons can; ``roles`` maps a person to the roles that count here.

    Persons are tried in the mapping's order and a person once seated stays seated, so persons named first are
    preferred. The result depends only on the arguments.
    """
    wanted = seats(slots)
    seated: dict[int, str] = {}
    for person in roles:
        _seat(person, wanted, lambda who: roles[who], seated, set())
    return Matching(
        filled=tuple((role, seated[seat]) for seat, role in enumerate(wanted) if seat in seated),
        missing=tuple(role for seat, role in enumerate(wanted) if seat not in seated),
    )


def _seat(
    person: str,
    wanted: Sequence[str],
    roles_of: Callable[[str], frozenset[str]],
    seated: dict[int, str],
    tried: set[int],
) -> bool:
    """Seat ``person``, moving others to another of their seats where that is needed (Kuhn's augmenting path)."""
    for seat, role in enumerate(wanted):
        if role not in roles_of(person) or seat in tried:
            continue
        tried.add(seat)
        if seat not in seated or _seat(seated[seat], wanted, roles_of, seated, tried):
            seated[seat] = person
            return True
    return False


def improves(slots: Sequence[Slot], roles: Mapping[str, frozenset[str]], person: str, extra: frozenset[str]) -> bool:
    """Whether ``person``, holding the roles ``extra``, would fill one more seat beside those in ``roles``."""
    if person in roles:
        return False
    return len(match(slots, {**roles, person: extra}).missing) < len(match(slots, roles).missing)
