"""The stack and memo of the pickle machine (CPython, Lib/pickle.py: ``_Unpickler``)."""

from __future__ import annotations

from typing import Any

from gitops_models.artifacts.scan.source import Broken


class Stack:
    """Values, marks and the memo."""

    def __init__(self) -> None:
        self.values: list[Any] = []
        self._below: list[list[Any]] = []
        self.memo: dict[int, Any] = {}

    def push(self, value: Any) -> None:
        """Put a value on top."""
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
        """Remember where the values of one group begin."""
        self._below.append(self.values)
        self.values = []

    def since_mark(self) -> list[Any]:
        """Take the values above the last mark, and the mark."""
        if not self._below:
            raise Broken("ends a group that was not begun")
        group, self.values = self.values, self._below.pop()
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
        """Remember the top value."""
        self.memo[index] = self.top

    @property
    def finished(self) -> bool:
        """Whether exactly one value is left."""
        return len(self.values) == 1 and not self._below
