import pytest

from gitops_models.registry.documents import Consumer, Interface, Requirements, TensorSpec
from gitops_models.registry.interface import compatible, consumer_problems, satisfies


def tensor(name="x", dtype="float32", shape=(-1, 4), *, optional=False):
    return TensorSpec(name=name, dtype=dtype, shape=shape, optional=optional)


def takes(*inputs):
    return Interface(inputs=inputs)


def gives(*outputs):
    return Interface(outputs=outputs)


def test_an_interface_can_take_its_own_place():
    both = Interface(inputs=(tensor(),), outputs=(tensor("y"),))
    assert compatible(both, both) == ()


@pytest.mark.parametrize(
    "new",
    [
        takes(tensor(), tensor("extra", optional=True)),
        takes(tensor(dtype="float64")),
        takes(tensor(shape=(-1, -1))),
        takes(tensor(optional=True)),
    ],
)
def test_wider_relaxed_and_optional_inputs_are_compatible(new):
    assert compatible(takes(tensor()), new) == ()


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (tensor(), None, "input x is gone"),
        (tensor(), tensor(dtype="float16"), "input x takes float16 instead of float32"),
        (tensor(dtype="int32"), tensor(dtype="float64"), "input x takes float64 instead of int32"),
        (tensor(dtype="string"), tensor(), "input x takes float32 instead of string"),
        (tensor(), tensor(shape=(-1, 5)), "input x takes shape [-1, 5] instead of [-1, 4]"),
        (tensor(shape=(-1, -1)), tensor(), "input x takes shape [-1, 4] instead of [-1, -1]"),
        (tensor(), tensor(shape=(4,)), "input x takes shape [4] instead of [-1, 4]"),
        (tensor(optional=True), tensor(), "input x is no longer optional"),
        (None, tensor(), "input x is new and not optional"),
    ],
)
def test_an_input_that_a_caller_would_break_on_is_named(old, new, problem):
    before, after = (takes(*filter(None, [spec])) for spec in (old, new))
    assert compatible(before, after) == (problem,)


def test_outputs_may_be_added_and_nothing_else():
    old = gives(tensor("y"))
    assert compatible(old, gives(tensor("z"), tensor("y"))) == ()
    assert compatible(old, gives()) == ("output y is gone",)
    other = gives(tensor("y", dtype="float64", shape=(-1,)))
    assert compatible(old, other) == ("output y is float64 [-1] instead of float32 [-1, 4]",)


def test_a_consumer_gets_what_it_reads_and_supplies_what_is_needed():
    interface = Interface(inputs=(tensor("a"), tensor("b", optional=True)), outputs=(tensor("y"),))
    assert satisfies(interface, Requirements()) == ()
    assert satisfies(interface, Requirements(inputs=("a",), outputs=("y",))) == ()
    found = satisfies(interface, Requirements(inputs=("c",), outputs=("z",)))
    assert found == ("output z is missing", "input c is unknown", "input a is not supplied")


def test_problems_carry_the_name_of_the_consumer():
    consumers = [Consumer(name="checkout", requires=Requirements(outputs=("z",))), Consumer(name="report")]
    assert consumer_problems(gives(tensor("y")), consumers) == ("checkout: output z is missing",)
