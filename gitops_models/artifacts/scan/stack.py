"""The stack and memo of the pickle machine (CPython, Lib/pickle.py: ``_Unpickler``)."""

from __future__ import annotations

from typing import Any

from gitops_models.artifacts.scan.source import Broken, TooMuch
from gitops_models.artifacts.scan.values import Table

MOST = 2_000_000
"""Values on the stack, marks, numbers of the memo; entries of tuples, and tables, that a pickle makes, four times that.

A large vocabulary of texts has a million; a text of nothing but marks has as many as it has bytes.
"""
_TABLE = 8  # what an empty table takes, in entries
_FULL = "holds more values at once than a model has"


class Stack:
    """Values, marks and the memo."""

    def __init__(self) -> None:
        self.values: list[Any] = []
        self._below: list[list[Any]] = []
        self.memo: dict[int, Any] = {}
        self._lower = 0  # values below the last mark
        self._made = 0

    def push(self, value: Any) -> None:
        """Put a value on top; TooMuch."""
        if len(self.values) + self._lower >= MOST:
            raise TooMuch(_FULL)
        self.values.append(value)

    def pop(self) -> Any:
        """Take the top value; Broken where there is none above the last mark."""
        if not self.values:
            raise Broken("takes a value from an empty stack")
        return self.values.pop()

    @property
    def top(self) -> Any:
        """The top value; Broken where there is none above the last mark."""
        if not self.values:
            raise Broken("takes a value from an empty stack")
        return self.values[-1]

    def mark(self) -> None:
        """Remember where the values of one group begin; TooMuch."""
        if len(self._below) >= MOST:
            raise TooMuch(_FULL)
        self._lower += len(self.values)
        self._below.append(self.values)
        self.values = []

    def since_mark(self) -> list[Any]:
        """Take the values above the last mark, and the mark."""
        if not self._below:
            raise Broken("ends a group that was not begun")
        group, self.values = self.values, self._below.pop()
        self._lower -= len(self.values)
        return group

    def drop(self) -> None:
        """Drop the top value, or the last mark where nothing lies above it."""
        if self.values:
            self.values.pop()
            return
        self.since_mark()

    def get(self, index: int) -> None:
        """Put a remembered value on top."""
        if index not in self.memo:
            raise Broken("takes a value that was not remembered")
        self.push(self.memo[index])

    def put(self, index: int) -> None:
        """Remember the top value; TooMuch."""
        if len(self.memo) >= MOST and index not in self.memo:
            raise TooMuch(_FULL)
        self.memo[index] = self.top

    def keep(self, size: int) -> None:
        """Count what is kept beside the stack; TooMuch."""
        self._made += size
        if self._made > 4 * MOST:
            raise TooMuch(_FULL)

    def push_tuple(self, group: list[Any]) -> None:
        """Put these values on top as a tuple; TooMuch."""
        self.keep(len(group) + 1)
        self.push(tuple(group))

    def push_table(self) -> None:
        """Put an empty table on top; TooMuch."""
        self.keep(_TABLE)
        self.push(Table())

    @property
    def finished(self) -> bool:
        """Whether exactly one value is left."""
        return len(self.values) == 1 and not self._below
