"""What is refused, and how: the GmError of a call, with its code."""

import pytest

from gitops_models.errors import GmError


def refusal(call, *args, **named):
    """The error with which the call is refused."""
    with pytest.raises(GmError) as caught:
        call(*args, **named)
    return caught.value


def refused(code, call, *args, **named):
    """The same, which has this code."""
    error = refusal(call, *args, **named)
    assert error.code == code, error
    return error


def why_refused(call, *args, **named):
    """The code with which the call is refused."""
    return refusal(call, *args, **named).code


def code_of(call, *args):
    """The code of the refusal, None when there is none; any other exception is a bug."""
    try:
        call(*args)
    except GmError as error:
        return error.code
    return None
