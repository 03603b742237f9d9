"""Every verdict over a registry in memory is compared word for word with its record."""

from functools import cache

import pytest

from tests.support.policy import JUDGED
from tests.support.recorded import Records

_records = cache(Records)


@pytest.fixture(autouse=True)
def _recorded(request):
    """Hold what the judge says against the record; drawn examples are others each time and have none."""
    JUDGED.clear()
    yield
    drawn = getattr(request.function, "is_hypothesis_test", False)
    if JUDGED and not drawn:
        _records(request.node.path.stem).hold(request.node.name, JUDGED)
