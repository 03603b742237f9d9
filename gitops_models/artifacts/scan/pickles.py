"""An inert pickle machine: it follows every opcode, knows what would be imported and called, and does none of it.

After CPython, Lib/pickle.py (``_Unpickler``) and PEP 307, 3154, 574. Where the two unpicklers of CPython or the loaders
of frameworks would read the same bytes differently, the bytes are refused: opcodes across frames, a second PROTO,
buffers out of band. What is not understood to the end is refused too (Unread). Broken is said only where each of them
stops for certain: who asks whether a text is a pickle takes Broken for "it is none", and nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from gitops_models.artifacts.scan.literals import LITERALS, counted, name_line, number_line
from gitops_models.artifacts.scan.source import Broken, TooMuch, Unread
from gitops_models.artifacts.scan.stack import Stack
from gitops_models.artifacts.scan.values import UNKNOWN, Imported, Made, Row, Table, Unknown, fill, is_no_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitops_models.artifacts.scan.calls import Judge
    from gitops_models.artifacts.scan.source import Source

MOST_OPCODES = 50_000_000
_NEWEST = 5
_ASKED = 1 << 14  # opcodes between two questions whether anybody waits still
_STOP = ord(".")


class Machine:
    """Follows one pickle. ``arrays`` reads what a joblib wrapper says follows; None leaves it to the next opcode.

    ``persistent`` says what a persistent id stands for, or raises Unread; None where no loader would know one.
    Without ``strict`` what CPython takes and never writes is followed as well.
    """

    def __init__(
        self,
        source: Source,
        judge: Judge,
        *,
        arrays: Callable[[Machine, Made], Any] | None = None,
        persistent: Callable[[Any], Any] | None = None,
        strict: bool = True,
    ) -> None:
        self.source = source
        self.judge = judge
        self._arrays = arrays
        self._persistent = persistent
        self._strict = strict
        self._stack = Stack()
        self._frame_end: int | None = None
        self._start = source.position
        self.wrapped = False
        """Whether a joblib wrapper was built: from there on joblib and pickle read different things."""

    def run(self) -> Any:
        """Follow the pickle to its STOP and give the value that stands for its result; Unread, TooMuch."""
        for number in range(MOST_OPCODES):
            if not number % _ASKED:
                self.source.go_on()
            at = self.source.position
            self.judge.position = at
            opcode = self.source.read(1)[0]
            if opcode == _STOP:
                return self._end()
            self._step(opcode)
            self._check_frame(at)
        raise TooMuch(f"has more than {MOST_OPCODES} opcodes")

    @property
    def _between_frames(self) -> bool:
        """Whether what follows lies in no frame, so that every reader finds it at the same place."""
        return self._frame_end is None or self.source.position >= self._frame_end

    def _step(self, opcode: int) -> None:
        literal = LITERALS.get(opcode)
        if literal is not None:
            self._stack.push(literal(self.source))
            return
        handler = self._HANDLERS.get(opcode)
        if handler is None:
            raise Broken(f"has a byte 0x{opcode:02x} where an opcode belongs")
        handler(self)

    def _end(self) -> Any:
        if self.judge.astray or not self._strict or not self._stack.values:  # STOP gives the top value
            return self._stack.pop()
        if not self._stack.finished:
            raise Unread("stops with other than one value on its stack")
        if not self._between_frames:
            raise Unread("stops inside a frame")
        return self._stack.pop()

    def _check_frame(self, began: int) -> None:
        """An opcode that began in a frame ends in it: else CPython's two unpicklers read on at different places."""
        if self._frame_end is None or began >= self._frame_end:
            return
        if self.source.position > self._frame_end:
            raise Unread("has an opcode across the end of a frame")

    def _proto(self) -> None:
        again = self.source.position != self._start + 1
        if again and not self.judge.astray:
            raise Unread("says its protocol twice")
        if counted(self.source, 1) > _NEWEST:
            raise Unread("has a protocol that is not known")

    def _frame(self) -> None:
        if not self._between_frames:
            raise Unread("has a frame inside a frame")
        size = counted(self.source, 8)
        self._frame_end = self.source.position + size

    def _global(self) -> None:
        module = name_line(self.source)
        try:
            name = name_line(self.source)
        except Broken:  # Python's own unpickler imports the module of a name that is not there
            self.judge.imported(Imported(module, ""))
            raise
        self._import(module, name)

    def _stack_global(self) -> None:
        name, module = self._stack.pop(), self._stack.pop()
        if type(name) is not str or type(module) is not str:
            known = is_no_text(name) or is_no_text(module)
            raise (Broken if known else Unread)("imports under a name that it does not spell out")
        self._import(module, name)

    def _import(self, module: str, name: str) -> None:
        found = Imported(module, name)
        self.judge.imported(found)
        self._stack.push(found)

    def _inst(self) -> None:
        self._global()
        callable_ = self._stack.pop()
        self._stack.push(self.judge.called(callable_, tuple(self._stack.since_mark())))

    def _obj(self) -> None:
        group = self._stack.since_mark()
        if not group:
            raise Broken("makes an object of nothing")
        self._stack.push(self.judge.called(group[0], tuple(group[1:])))

    def _reduce(self) -> None:
        arguments = self._stack.pop()
        self._stack.push(self.judge.called(self._stack.pop(), arguments))

    def _newobj_ex(self) -> None:
        named, arguments = self._stack.pop(), self._stack.pop()
        if not isinstance(named, Table) or not named.whole:
            raise Unread("calls with named values that cannot be followed")
        if not isinstance(arguments, tuple):
            raise Unread("calls with values that are no tuple")
        self._stack.push(self.judge.called(self._stack.pop(), (*arguments, *named.items.values())))

    def _build(self) -> None:
        state = self._stack.pop()
        target = self._stack.top
        if not self.judge.built(target, state):
            return
        self.wrapped = True
        if self._arrays is None:
            self.judge.astray = True
            return
        if not self._between_frames:
            raise Unread("has a joblib array inside a frame")
        self._frame_end = None
        self._stack.pop()
        self._stack.push(self._arrays(self, target))

    def _append(self) -> None:
        self._stack.pop()
        self.judge.changed(self._stack.top)

    def _appends(self) -> None:
        self._stack.since_mark()
        self.judge.changed(self._stack.top)

    def _setitem(self) -> None:
        value, key = self._stack.pop(), self._stack.pop()
        self._put([key, value])

    def _setitems(self) -> None:
        self._put(self._stack.since_mark())

    def _put(self, pairs: list[Any]) -> None:
        target = self._stack.top
        self._stack.keep(len(pairs))
        self.judge.changed(target)
        fill(target, pairs)

    def _dict(self) -> None:
        group = self._stack.since_mark()
        self._stack.push_table()
        self._put(group)

    def _list(self) -> None:
        self._stack.since_mark()
        self._stack.push(Row())

    def _tuple(self) -> None:
        self._stack.push_tuple(self._stack.since_mark())

    def _tuple_of(self, size: int) -> None:
        self._stack.push_tuple([self._stack.pop() for _ in range(size)][::-1])

    def _remember(self, index: int) -> None:
        """Remember the top value. CPython makes room for every lower number, used or not."""
        _ = self._stack.top  # Broken
        if self._strict and index > self.source.position:
            raise Unread("remembers a value under a number that no pickle comes to")
        self._stack.put(index)

    def _remember_line(self) -> None:
        """PUT: where there is no value, CPython stops whatever the number is."""
        _ = self._stack.top  # Broken
        self._remember(number_line(self.source))

    def _recall_line(self) -> None:
        """GET: where nothing is remembered, CPython stops whatever the number is."""
        if not self._stack.memo:
            raise Broken("takes a value that was not remembered")
        self._stack.get(number_line(self.source))

    def _buffer(self) -> None:
        """READONLY_BUFFER takes any bytes on the stack, also where the loader was given no buffers."""
        _ = self._stack.top  # Broken
        raise Unread("has buffers out of band")

    def _next_buffer(self) -> None:
        raise Unread("has buffers out of band")

    def _extension(self, width: int) -> None:
        code = counted(self.source, width)
        self.judge.imports[f"extension {code}"] = None
        self.judge.refuse(f"imports whatever has number {code} in the extension registry")
        self._stack.push(UNKNOWN)

    def _persistent_line(self) -> None:
        """PERSID; its line, which has no bound in an archive of zeros, is no storage of PyTorch."""
        self._persistent_value(self.source.line() if self._persistent is None else None)

    def _persistent_value(self, what: Any) -> None:
        if self._persistent is None:
            self.judge.refuse("asks its loader for a persistent id")
            self._stack.push(UNKNOWN)
            return
        self._stack.push(self._persistent(what))

    _HANDLERS: ClassVar[dict[int, Callable[[Machine], None]]] = {
        ord("\x80"): _proto,
        ord("\x95"): _frame,
        ord("c"): _global,
        ord("\x93"): _stack_global,
        ord("i"): _inst,
        ord("o"): _obj,
        ord("R"): _reduce,
        ord("\x81"): _reduce,  # NEWOBJ: a class takes its values from a tuple as well
        ord("\x92"): _newobj_ex,
        ord("b"): _build,
        ord("a"): _append,
        ord("e"): _appends,
        ord("\x90"): _appends,  # ADDITEMS of a set
        ord("s"): _setitem,
        ord("u"): _setitems,
        ord("d"): _dict,
        ord("}"): lambda self: self._stack.push_table(),
        ord("l"): _list,
        ord("]"): lambda self: self._stack.push(Row()),
        ord("\x8f"): lambda self: self._stack.push(Unknown()),  # a set
        ord("\x91"): lambda self: self._stack.push((self._stack.since_mark(), UNKNOWN)[1]),
        ord("t"): _tuple,
        ord(")"): lambda self: self._stack.push(()),
        ord("\x85"): lambda self: self._tuple_of(1),
        ord("\x86"): lambda self: self._tuple_of(2),
        ord("\x87"): lambda self: self._tuple_of(3),
        ord("("): lambda self: self._stack.mark(),
        ord("0"): lambda self: self._stack.drop(),
        ord("1"): lambda self: (self._stack.since_mark(), None)[1],
        ord("2"): lambda self: self._stack.push(self._stack.top),
        ord("g"): _recall_line,
        ord("h"): lambda self: self._stack.get(counted(self.source, 1)),
        ord("j"): lambda self: self._stack.get(counted(self.source, 4)),
        ord("p"): _remember_line,
        ord("q"): lambda self: self._remember(counted(self.source, 1)),
        ord("r"): lambda self: self._remember(counted(self.source, 4)),
        ord("\x94"): lambda self: self._stack.put(len(self._stack.memo)),
        ord("\x97"): _next_buffer,
        ord("\x98"): _buffer,
        ord("\x82"): lambda self: self._extension(1),
        ord("\x83"): lambda self: self._extension(2),
        ord("\x84"): lambda self: self._extension(4),
        ord("P"): _persistent_line,
        ord("Q"): lambda self: self._persistent_value(self._stack.pop()),
    }
