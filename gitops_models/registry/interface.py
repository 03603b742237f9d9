"""Whether one interface can take the place of another, and whether consumers get what they need.

The rule (DELIVERY.md section 4): the same input names or new optional ones, dtype equal or wider on inputs, fixed
dimensions equal or relaxed, outputs a superset with equal dtype and shape.
"""

from collections.abc import Iterable

from gitops_models.registry.documents import Consumer, Interface, Requirements, TensorSpec

_FAMILIES = (
    ("int8", "int16", "int32", "int64"),
    ("uint8", "uint16", "uint32", "uint64"),
    ("float16", "float32", "float64"),
    ("bfloat16", "float32", "float64"),
    ("complex64", "complex128"),
)
_FREE = -1


def compatible(old: Interface, new: Interface, consumers: Iterable[Consumer] = ()) -> tuple[str, ...]:
    """Return what a caller of ``old`` or one of ``consumers`` would break on with ``new``; empty when nothing."""
    before, after = _by_name(old.inputs), _by_name(new.inputs)
    problems: list[str] = []
    for name, spec in before.items():
        problems += _input_problems(name, spec, after.get(name))
    problems += [
        f"input {name} is new and not optional"
        for name, spec in after.items()
        if name not in before and not spec.optional
    ]
    outputs = _by_name(new.outputs)
    for spec in old.outputs:
        problems += _output_problems(spec, outputs.get(spec.name))
    return (*problems, *consumer_problems(new, consumers))


def satisfies(interface: Interface, requires: Requirements) -> tuple[str, ...]:
    """Return what a consumer lacks: outputs that are missing, inputs unknown, inputs it would have to supply.

    Inputs are compared only if the consumer names any.
    """
    outputs = {spec.name for spec in interface.outputs}
    problems = [f"output {name} is missing" for name in requires.outputs if name not in outputs]
    if not requires.inputs:
        return tuple(problems)
    inputs = _by_name(interface.inputs)
    problems += [f"input {name} is unknown" for name in requires.inputs if name not in inputs]
    needed = (name for name, spec in inputs.items() if not spec.optional and name not in requires.inputs)
    return (*problems, *(f"input {name} is not supplied" for name in needed))


def consumer_problems(interface: Interface, consumers: Iterable[Consumer]) -> tuple[str, ...]:
    """Return :func:`satisfies` over all consumers, each problem with the consumer's name."""
    return tuple(
        f"{consumer.name}: {problem}" for consumer in consumers for problem in satisfies(interface, consumer.requires)
    )


def _by_name(specs: Iterable[TensorSpec]) -> dict[str, TensorSpec]:
    return {spec.name: spec for spec in specs}


def _input_problems(name: str, old: TensorSpec, new: TensorSpec | None) -> list[str]:
    if new is None:
        return [f"input {name} is gone"]
    problems = []
    if old.optional and not new.optional:
        problems.append(f"input {name} is no longer optional")
    if not _accepts(new.dtype, old.dtype):
        problems.append(f"input {name} takes {new.dtype} instead of {old.dtype}")
    if not _relaxed(old.shape, new.shape):
        problems.append(f"input {name} takes shape {list(new.shape)} instead of {list(old.shape)}")
    return problems


def _output_problems(old: TensorSpec, new: TensorSpec | None) -> list[str]:
    if new is None:
        return [f"output {old.name} is gone"]
    if (old.dtype, old.shape) == (new.dtype, new.shape):
        return []
    return [f"output {old.name} is {new.dtype} {list(new.shape)} instead of {old.dtype} {list(old.shape)}"]


def _accepts(wider: str, narrower: str) -> bool:
    if wider == narrower:
        return True
    return any(
        wider in family and narrower in family and family.index(wider) > family.index(narrower) for family in _FAMILIES
    )


def _relaxed(old: tuple[int, ...], new: tuple[int, ...]) -> bool:
    return len(old) == len(new) and all(after in (before, _FREE) for before, after in zip(old, new, strict=True))
