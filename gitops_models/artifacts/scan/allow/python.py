"""Names of Python itself, as protocols 0 to 5 write them. ``__builtin__`` and ``copy_reg`` are Python 2's names."""

from gitops_models.artifacts.scan.allow.names import pairs

_VALUES = "bytearray bytes complex frozenset set slice"
_TYPES = "bool dict float int list object str tuple NotImplemented Ellipsis"

CALLED = pairs(
    {
        "builtins": _VALUES,
        "__builtin__": _VALUES,
        "_codecs": "encode",
        "collections": "OrderedDict defaultdict deque",
        "copy_reg": "_reconstructor",
        "copyreg": "_reconstructor",
        "datetime": "date datetime time timedelta timezone",
        "decimal": "Decimal",
    }
)
NAMED = pairs({"builtins": _TYPES, "__builtin__": _TYPES + " long unicode"})
