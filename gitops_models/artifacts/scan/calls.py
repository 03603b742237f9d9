"""Judges what a pickle imports, calls and changes, by a list of exact names: what is not on it may do anything."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, ClassVar

from gitops_models.artifacts.scan.allow import CALLED, NAMED, NEVER_CALLED
from gitops_models.artifacts.scan.dtypes import build_dtype, make_dtype
from gitops_models.artifacts.scan.outcome import unread
from gitops_models.artifacts.scan.report import CODE, MAX_FINDINGS, Finding
from gitops_models.artifacts.scan.source import Broken, TooMuch, Unread
from gitops_models.artifacts.scan.values import UNKNOWN, Dtype, Imported, Made, Table, Unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

WRAPPER = Imported("joblib.numpy_pickle", "NumpyArrayWrapper")
_DTYPE = Imported("numpy", "dtype")
_OF_OBJECTS = ("O8", False, True)
_MOST_IMPORTS = 10_000
_CODECS = frozenset({"latin1", "latin-1"})
_BASES = frozenset({("builtins", "object"), ("__builtin__", "object")})


class Judge:
    """Collects what speaks against loading one member. ``allow`` are pairs of module and name beside the list."""

    def __init__(self, path: str, allow: Collection[tuple[str, str]] = ()) -> None:
        self._path = path
        self._allow = allow
        self.position = 0
        self.imports: dict[str, None] = {}
        self.findings: dict[tuple[str, str], Finding] = {}
        self.calls = 0
        self.astray = False
        """Whether ``pickle`` follows a joblib file past an array: numbers of the memo then mean other values.

        A clean file imports ``dtype`` there, of whatever text stands under the number of "numpy", and calls it as NumPy
        does. That one is let pass, of no module of Python; every other name is judged by what ``pickle`` would import.
        """

    def refuse(self, what: str, code: str = CODE) -> None:
        """Note one reason; the same one is noted once."""
        if len(self.findings) < MAX_FINDINGS:
            self.findings.setdefault((code, what), Finding(self._path, code, what, self.position))

    def fail(self, problem: Unread) -> None:
        """Note that the bytes cannot be followed any further."""
        finding = unread(self._path, problem, self.position)
        self.findings.setdefault((finding.code, finding.what), finding)

    def findings_of(self) -> tuple[Finding, ...]:
        """Give what was noted, in order."""
        return tuple(self.findings.values())

    def imported(self, found: Imported) -> None:
        """Judge the import of a name."""
        if len(self.imports) >= _MOST_IMPORTS:
            raise TooMuch("imports more names than a model does")
        self.imports[str(found)] = None
        key = (found.module, found.name)
        if key in CALLED or key in NAMED or key in self._allow or self._is_shifted(found):
            return
        self.refuse(f"imports {found}")

    def _is_shifted(self, found: Imported) -> bool:
        outside = found.module.partition(".")[0] not in sys.stdlib_module_names
        return self.astray and found.name == _DTYPE.name and found != _DTYPE and outside

    def called(self, callable_: Any, arguments: Any) -> Any:
        """Judge a call and give what stands for its result."""
        self.calls += 1
        if not isinstance(arguments, tuple):  # Python's own unpickler takes a list or a text as well
            nothing = arguments is None or isinstance(arguments, int)
            raise (Broken if nothing else Unread)("calls with values that are no tuple")
        if not isinstance(callable_, Imported):
            if self.astray and not isinstance(callable_, Made | Unknown):
                raise Broken("calls a value that nobody can call")
            self.refuse("calls a value that it did not import")
            return UNKNOWN
        if self._is_shifted(callable_):
            return self._shifted(callable_, arguments)
        special = self._SPECIAL.get((callable_.module, callable_.name))
        if special is not None:
            return special(self, callable_, arguments)
        key = (callable_.module, callable_.name)
        if key in NEVER_CALLED:
            self.refuse(f"calls {callable_}")
        return Made(callable_, arguments)

    def built(self, target: Any, state: Any) -> bool:
        """Judge that ``target`` is given a state; whether it is joblib's stand-in for an array that follows."""
        self.calls += 1
        if isinstance(target, Dtype):
            build_dtype(target, state)
            return False
        if not isinstance(target, Made):
            self.refuse("changes a value that it did not make")
            return False
        if target.of != WRAPPER:
            return False
        if target.built or not isinstance(state, Table):
            raise Unread("has a joblib array in an unusual form")
        target.built, target.arguments = True, (state,)
        return True

    def changed(self, target: Any) -> None:
        """Judge that entries are put into ``target``."""
        self.calls += 1
        if isinstance(target, Imported | Dtype):
            self.refuse("changes a value that it did not make")

    def _encode(self, callable_: Imported, arguments: tuple[Any, ...]) -> Any:
        """Judge bytes as protocol 2 writes them; an unknown codec would be imported by its name."""
        if len(arguments) != 2 or arguments[1] not in _CODECS:  # noqa: PLR2004 - text and codec
            self.refuse(f"calls {callable_} with another codec than latin1")
        return Unknown()

    def _empty_bytes(self, callable_: Imported, arguments: tuple[Any, ...]) -> Any:
        """Judge ``bytes()`` of protocol 2; with a number it would take that much memory."""
        if arguments:
            self.refuse(f"calls {callable_} with a value")
        return Unknown()

    def _bytearray(self, callable_: Imported, arguments: tuple[Any, ...]) -> Any:
        if any(isinstance(one, int) for one in arguments):
            self.refuse(f"calls {callable_} with a number")
        return Unknown()

    def _reconstruct(self, callable_: Imported, arguments: tuple[Any, ...]) -> Any:
        """Judge an empty array that is filled later; any other shape would take memory."""
        if len(arguments) != 3 or not isinstance(arguments[0], Imported) or arguments[1] != (0,):  # noqa: PLR2004 - subtype, shape, dtype
            self.refuse(f"calls {callable_} with unusual values")
        return Made(callable_, arguments)

    def _reconstructor(self, callable_: Imported, arguments: tuple[Any, ...]) -> Any:
        """Judge an object of protocol 0 and 1: of a class, without a state of a base type."""
        of, base = (*arguments, None, None)[:2]
        plain = isinstance(base, Imported) and (base.module, base.name) in _BASES
        if not isinstance(of, Imported) or not plain or arguments[2:] != (None,):
            self.refuse(f"calls {callable_} with unusual values")
            return Made(callable_, arguments)
        return self.called(of, ())

    def _shifted(self, callable_: Imported, arguments: tuple[Any, ...]) -> Any:
        if arguments != _OF_OBJECTS:
            self.refuse(f"calls {callable_}")
        return Made(callable_, arguments)

    def _dtype(self, callable_: Imported, arguments: tuple[Any, ...]) -> Any:
        del callable_
        return make_dtype(arguments)

    _SPECIAL: ClassVar[dict[tuple[str, str], Callable[[Judge, Imported, tuple[Any, ...]], Any]]] = {
        ("_codecs", "encode"): _encode,
        ("builtins", "bytes"): _empty_bytes,
        ("__builtin__", "bytes"): _empty_bytes,
        ("builtins", "bytearray"): _bytearray,
        ("__builtin__", "bytearray"): _bytearray,
        ("copyreg", "_reconstructor"): _reconstructor,
        ("copy_reg", "_reconstructor"): _reconstructor,
        ("numpy.core.multiarray", "_reconstruct"): _reconstruct,
        ("numpy._core.multiarray", "_reconstruct"): _reconstruct,
        ("numpy", "dtype"): _dtype,
    }
