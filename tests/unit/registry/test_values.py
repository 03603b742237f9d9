"""Dataclasses that are compiled late are dataclasses: held against those of the standard library."""

import copy
import dataclasses
import pickle
from concurrent.futures import ThreadPoolExecutor
from dataclasses import field
from functools import partial
from typing import ClassVar

import pytest

from gitops_models.registry import values
from gitops_models.registry.values import dataclass

TIMES = [1, values.OFTEN + 1]
MAKERS = {"ours": dataclass, "theirs": dataclasses.dataclass}


def classes(make):
    """The kinds of class that the package has, made by ``make``."""

    @make(frozen=True)
    class Point:
        kind: ClassVar[str] = "point"
        x: int
        y: int = 2
        tags: tuple = field(default_factory=tuple)
        note: str = field(default="", compare=False)

    @make(frozen=True)
    class Named(Point):
        name: str = "n"

        def __post_init__(self):
            if self.name == "bad":
                raise ValueError(self.name)

    @make(frozen=True, kw_only=True)
    class Keyed:
        a: int
        b: int = field(default=0, init=False)

    @make
    class Open:
        x: int
        rows: list = field(default_factory=list)

    @make(frozen=True, eq=False)
    class Alone:
        x: int

    @make(frozen=True)
    class Own:
        x: int

        def __repr__(self):
            return "own"

        def __eq__(self, other):
            return True

        def __hash__(self):
            return 1

    return {one.__name__: one for one in (Point, Named, Keyed, Open, Alone, Own)}


OURS, THEIRS = classes(dataclass), classes(dataclasses.dataclass)
CALLS = [
    ("Point", (1,), {}),
    ("Point", (1, 3, ("a",)), {"note": "n"}),
    ("Point", (), {"y": 1, "x": 2}),
    ("Point", (), {}),
    ("Point", (1,), {"x": 1}),
    ("Point", (1, 2, 3, 4, 5), {}),
    ("Point", (1,), {"z": 1}),
    ("Named", (1, 2), {"name": "m"}),
    ("Named", (1,), {"name": "bad"}),
    ("Keyed", (), {"a": 1}),
    ("Keyed", (1,), {}),
    ("Keyed", (), {"a": 1, "b": 2}),
    ("Open", (1,), {}),
    ("Open", (1, [2]), {}),
    ("Alone", (1,), {}),
    ("Own", (1,), {}),
]


def told(made, name, args, named):
    """All that can be said of an instance, or the error of making it."""
    try:
        one, other = made[name](*args, **named), made[name](*args, **named)
    except (TypeError, ValueError) as error:
        return type(error), str(error)
    hashed = hash(one) if name not in ("Open", "Alone") else type(one).__hash__ is None
    return repr(one), vars(one), list(vars(one)), one == other, one == object(), one != other, hashed


@pytest.mark.parametrize("times", TIMES)
@pytest.mark.parametrize(("name", "args", "named"), CALLS)
def test_they_say_the_same(name, args, named, times):
    ours = classes(dataclass)
    found = [told(ours, name, args, named) for _ in range(times)][-1]
    wanted = told(THEIRS, name, args, named)
    assert str(found) == str(wanted)


@pytest.mark.parametrize("times", TIMES)
def test_what_is_frozen_stays_as_it_was_made(times):
    for make in MAKERS.values():
        one = [classes(make)["Named"](1) for _ in range(times)][-1]
        for name in ("x", "name", "other"):
            with pytest.raises(dataclasses.FrozenInstanceError, match=f"cannot assign to field '{name}'"):
                setattr(one, name, 5)
        with pytest.raises(dataclasses.FrozenInstanceError, match="cannot delete field 'x'"):
            del one.x
        assert one.x == 1


def test_what_inherits_without_being_one_may_have_more():
    for make in MAKERS.values():

        class More(classes(make)["Point"]):
            pass

        one = More(1)
        one.other = 5
        del one.other
        with pytest.raises(dataclasses.FrozenInstanceError):
            one.x = 2
        with pytest.raises(dataclasses.FrozenInstanceError):
            del one.x


def test_the_tools_of_the_library_work():
    one = OURS["Point"](1)
    assert dataclasses.is_dataclass(one)
    assert [one.name for one in dataclasses.fields(OURS["Named"])] == ["x", "y", "tags", "note", "name"]
    assert dataclasses.replace(one, y=5) == OURS["Point"](1, 5)
    assert dataclasses.asdict(one) == {"x": 1, "y": 2, "tags": (), "note": ""}
    assert copy.copy(one) == copy.deepcopy(one) == one
    assert OURS["Point"].__match_args__ == ("x", "y", "tags", "note")
    assert OURS["Point"].kind == "point"


@dataclass(frozen=True)
class Carried:
    x: int
    y: int = 2


def test_they_are_carried_to_other_processes_and_made_without_their_constructor():
    assert pickle.loads(pickle.dumps(Carried(1))) == Carried(1)
    one = object.__new__(Carried)
    vars(one).update(x=1, y=2)
    assert one == Carried(1)
    assert hash(one) == hash(Carried(1))


def test_a_class_with_slots_is_made_at_once():
    @dataclass(frozen=True, slots=True)
    class Small:
        x: int

    assert not hasattr(Small(1), "__dict__")


def all_of(point, number):
    """One of each method."""
    return point(number), hash(point(number)), repr(point(number))


def test_many_threads_may_be_the_first():
    for _ in range(20):
        point = classes(dataclass)["Point"]
        with ThreadPoolExecutor(8) as pool:
            made = list(pool.map(partial(all_of, point), range(64)))
        assert [one.x for one, _, _ in made] == list(range(64))
        assert made[0][0] == point(0)


def test_after_many_calls_the_methods_are_those_of_the_library():
    point = classes(dataclass)["Point"]
    for number in range(values.OFTEN):
        point(number)
    assert point.__init__.__code__.co_filename == "<string>"
    assert point.__init__.__qualname__ == THEIRS["Point"].__init__.__qualname__
