"""Where the line and the ledger come from: the first address, further ones, directories of bundles.

They are looked at in their order. One that is away, damaged or forked is told and the next is used; none of them can
take anything back: a tip counts only where its first-parent line holds what was accepted before, and of several the
one that holds the others is followed. Where two lines go on from there, the first is followed only if no other brings
accepted steps: whoever holds one key can make a line longer, and what is remembered of a wrong one would make the right
one a rewritten one.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gitops_models.delivery.mirror import REMOTE, Origin, line_ref
from gitops_models.errors import Exit, GmError
from gitops_models.registry.canonical import sha256_hex
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from gitops_models.store.bundles import Bundle
    from gitops_models.store.refs import RefUpdate
    from gitops_models.store.repository import Store
    from gitops_models.trust.ledger import Ledger

SUFFIX = ".bundle"
MOST_BUNDLES = 256
MISSING = "GM-S213"
Trouble = tuple[str, GmError]


@dataclass(frozen=True)
class Upstream:
    """One place. The first one is the mirror's own remote; ``bundles`` says that ``address`` is a directory of them."""

    address: str
    bundles: bool = False
    first: bool = False

    @property
    def name(self) -> str:
        """Under which its refs stand here: the same wherever it stands in the list."""
        return REMOTE if self.first else f"up-{sha256_hex(self.address.encode())[:16]}"


@dataclass(frozen=True)
class Offer:
    """A tip of the line, and where it was found."""

    where: str
    tip: str


class Upstreams:
    """Looks at every place. ``troubles`` and ``notes`` speak of the last look: what is wrong, and what was away."""

    def __init__(self, store: Store, ledger: Ledger, line: str, places: Sequence[Upstream] = ()) -> None:
        self._store = store
        self._ledger = ledger
        self._line = line
        self._places = tuple(places) or (Upstream("repository", first=True),)
        self._known: dict[str, tuple[object, Offer | GmError | None]] = {}
        self._seen: list[RefUpdate] = []
        self._origin = Origin(store, ledger, line)
        self.shown: tuple[tuple[str, str], ...] = ()
        self.troubles: tuple[Trouble, ...] = ()
        self.notes: tuple[str, ...] = ()

    def newest(self, known: str | None, brings: Callable[[str, str], bool]) -> str:
        """Look everywhere and return the tip to follow, one that holds ``known`` on its first-parent line.

        Of tips of which none holds the other it is that of the place listed first, unless ``brings(tip, first)`` says
        of another one that something is accepted on its line that the first one has not. Raises what the first place
        raised where none answered, GM-T600 where every line is another one or two go on from ``known``, GM-R440 where
        all of them end before ``known``.
        """
        offers, troubles = self._look(anew=known is None)
        forked, ahead = _compare(self._store, offers, known)
        troubles += forked
        leaves = _leaves(self._store, ahead)
        if not leaves:
            error = troubles[0][1] if troubles else _behind(offers, known)
            self._tell([trouble for trouble in troubles if trouble[1] is not error])
            self._note()
            raise error
        first, *others = leaves
        self._tell([*troubles, *((other.where, _fork(other, first)) for other in others)])
        rival = next((other for other in others if brings(other.tip, first.tip)), None)
        if rival is not None:
            raise _undecided(first, rival)
        self._note()
        return first.tip

    def _note(self) -> None:
        """Keep how far each place was seen; not while two lines disagree, for one of them will have to go back."""
        from gitops_models.store.refs import update_refs  # noqa: PLC0415 - loads pygit2

        once = {update.name: update for update in self._seen}  # a place may be listed twice
        update_refs(self._store, list(once.values()), "gm: line seen")

    def _tell(self, troubles: Sequence[Trouble]) -> None:
        away = [(where, error) for where, error in troubles if error.exit_status is Exit.EXTERNAL]
        self.troubles = tuple(trouble for trouble in troubles if trouble not in away)
        self.notes = tuple(f"{where}: {error}" for where, error in away)

    def _look(self, *, anew: bool) -> tuple[list[Offer], list[Trouble]]:
        offers: list[Offer] = []
        troubles: list[Trouble] = []
        self._seen = []
        for place in self._places:
            for where, found in self._bundles(place) if place.bundles else self._repository(place, anew=anew):
                if isinstance(found, Offer):
                    offers.append(found)
                elif found is not None:
                    troubles.append((where, found))
        if len(self._places) > 1 or not self._origin.quiet:
            self._ledger.refresh()  # it costs a process
        # What decides beside the tip: a decision may come without a step.
        self.shown = tuple(sorted(self._store.refs("refs/gm-seen/").items())) if len(self._places) > 1 else ()
        return offers, troubles

    def _repository(self, place: Upstream, *, anew: bool) -> Iterator[tuple[str, Offer | GmError]]:
        try:
            tip = self._origin.tip() if place.first else _fetch_other(self._store, place, self._line)
            self._seen += _went_on(self._store, place, self._line, tip, anew=anew)
        except GmError as error:
            yield place.address, error
            return
        yield place.address, Offer(place.address, tip)

    def _bundles(self, place: Upstream) -> Iterator[tuple[str, Offer | GmError | None]]:
        try:
            paths = _listed(Path(place.address))
        except GmError as error:
            yield place.address, error
            return
        for path in paths:
            yield path.name, self._bundle(place, path)

    def _bundle(self, place: Upstream, path: Path) -> Offer | GmError | None:
        """What a bundle offers; one that did not change is not unpacked again, whatever came of it."""
        from gitops_models.store.bundles import open_bundle  # noqa: PLC0415 - loads pygit2

        try:
            seen = path.lstat()
            state = (seen.st_ino, seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns)
            if self._known.get(path.name, (None,))[0] == state:
                return self._known[path.name][1]
            with open_bundle(path) as bundle:
                tip = take_bundle(self._store, place.name, bundle, self._line)
            found = Offer(path.name, tip) if tip else None
        except OSError:
            return None  # taken away between listing and looking
        except GmError as error:
            if error.code != MISSING:  # what it builds on may come
                self._known[path.name] = (state, error)
            return error
        self._known[path.name] = (state, found)
        return found


def _fetch_other(store: Store, place: Upstream, line: str) -> str:
    """Bring line, ledger and tags of another repository under its own name; it moves no tag that is here."""
    from gitops_models.store.transport import fetch  # noqa: PLC0415 - only to reach a remote

    tip_ref = line_ref(line, place.name)
    fetch(store, place.address, [f"+refs/heads/{line}:{tip_ref}", *_refspecs(place.name)])
    _remember(store, place.name)
    return store.resolve(tip_ref)


def take_bundle(store: Store, name: str, bundle: Bundle, line: str) -> str | None:
    """Unpack a bundle under ``name`` and return the tip in it; None for one that only brings ledger and tags.

    Raises GM-S213, GM-S208, and GM-S215 for one that has nothing of ours.
    """
    from gitops_models.store.bundles import bring  # noqa: PLC0415 - loads pygit2

    head = f"refs/heads/{line}"
    wanted = {ref for ref in bundle.refs if ref == head or _is_ours(ref)}
    if not wanted:
        raise GmError("GM-S215", f"{bundle.name} has neither {head} nor a ledger", where=bundle.name)
    specs = [f"+{head}:{line_ref(line, name)}"] if head in wanted else []
    bring(store, bundle, [*specs, *_refspecs(name)], wanted=wanted.__contains__)
    _remember(store, name)
    return store.resolve(line_ref(line, name)) if specs else None


def _is_ours(name: str) -> bool:
    from gitops_models.registry.names import parse_tag  # noqa: PLC0415 - with its caller's other imports
    from gitops_models.trust.ledgerrefs import is_ledger_ref  # noqa: PLC0415 - loads pydantic

    if name.startswith("refs/gm/"):
        return is_ledger_ref(name)
    return name.startswith("refs/tags/") and parse_tag(name.removeprefix("refs/tags/")) is not None


def _refspecs(name: str) -> tuple[str, str]:
    return (f"+refs/gm/*:refs/gm-remote/{name}/*", f"+refs/tags/*:refs/gm-tags/{name}/*")


def _remember(store: Store, name: str) -> None:
    """Keep what its ledger showed, also when the next bundle brings other chains, and tags that nobody had before."""
    from gitops_models.store.refs import RefUpdate, update_refs  # noqa: PLC0415 - loads pygit2
    from gitops_models.trust.ledgerview import LedgerView  # noqa: PLC0415 - loads pydantic

    LedgerView(store, name).remember_seen()
    prefix = f"refs/gm-tags/{name}/"
    known = store.refs("refs/tags/")
    tags = {f"refs/tags/{ref.removeprefix(prefix)}": oid for ref, oid in store.refs(prefix).items()}
    fresh = [RefUpdate(ref, oid, None) for ref, oid in tags.items() if ref not in known and _is_ours(ref)]
    update_refs(store, fresh, "gm: tags of another repository")


def _listed(folder: Path) -> list[Path]:
    try:
        found = sorted(path for path in folder.iterdir() if path.name.endswith(SUFFIX) and path.name[0] != ".")
    except OSError as error:
        raise GmError("GM-S214", f"{folder.name} cannot be read: {error.strerror}", where=str(folder)) from error
    if len(found) > MOST_BUNDLES:
        raise GmError(
            "GM-S214", f"{folder.name} holds {len(found)} bundles, more than {MOST_BUNDLES}", where=str(folder)
        )
    return found


def _went_on(store: Store, place: Upstream, line: str, tip: str, *, anew: bool) -> list[RefUpdate]:
    """What to note of how far a place is seen; GM-T600 where its line lost what was, unless one begins ``anew``."""
    from gitops_models.store.history import on_first_parent_line  # noqa: PLC0415 - loads pygit2
    from gitops_models.store.refs import RefUpdate  # noqa: PLC0415 - as above

    name = f"refs/gm-lines/{place.name}/{line}"
    before = store.ref(name)
    if before == tip:
        return []
    if not (anew or before is None) and not on_first_parent_line(store, before, tip):
        what = f"the first-parent line of {tip[:12]} does not hold {before[:12]}, which was there before"
        raise GmError("GM-T600", f"{what}: history was rewritten", where=place.address)
    return [RefUpdate(name, tip, before)]


def _compare(store: Store, offers: Sequence[Offer], known: str | None) -> tuple[list[Trouble], list[Offer]]:
    """The offers that stand on another line than ``known``, as troubles, and those that hold it."""
    from gitops_models.store.history import on_first_parent_line  # noqa: PLC0415 - loads pygit2
    from gitops_models.verification.fold import steps_after  # noqa: PLC0415 - loads the judge

    forked: list[Trouble] = []
    ahead: list[Offer] = []
    for offer in offers:
        try:
            if known is not None and offer.tip != known:
                steps_after(store, known, offer.tip)
            ahead.append(offer)
        except GmError as error:
            if known is None or not on_first_parent_line(store, offer.tip, known):
                forked.append((offer.where, error))
    return forked, ahead


def _leaves(store: Store, offers: Sequence[Offer]) -> list[Offer]:
    """The tips that no other one holds, each once, in the order of the places."""
    from gitops_models.store.history import on_first_parent_line  # noqa: PLC0415 - loads pygit2

    unique: dict[str, Offer] = {}
    for offer in offers:
        unique.setdefault(offer.tip, offer)
    return [
        offer
        for offer in unique.values()
        if not any(other != offer and on_first_parent_line(store, offer.tip, other.tip) for other in unique.values())
    ]


def _fork(other: Offer, first: Offer) -> GmError:
    what = f"{other.tip[:12]} and {first.tip[:12]} of {first.where} are two lines: history was rewritten"
    return GmError("GM-T600", what, where=other.where)


def _undecided(first: Offer, rival: Offer) -> GmError:
    what = f"{first.where} and {rival.where} are two lines, the second with accepted steps: neither is followed"
    hint = "find out which is right and take the other away; until then an override holds a good version (gm rollback)"
    return GmError("GM-T600", what, where=first.where, hint=hint)


def _behind(offers: Sequence[Offer], known: str | None) -> GmError:
    shown = ", ".join(f"{offer.where} is at {offer.tip[:12]}" for offer in offers) or "there is no bundle"
    return GmError("GM-R440", f"{(known or 'a tip')[:12]} was accepted here, and {shown}")
