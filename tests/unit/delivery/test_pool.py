"""Several places at once, each on its own."""

from threading import Barrier, current_thread

import pytest

from gitops_models.delivery.pool import each


def told(item, error):
    return f"{item}: {error}"


@pytest.mark.parametrize("workers", [1, 4])
def test_what_one_raises_is_its_own_result_and_the_order_stays(workers):
    def work(item):
        if item == 2:
            raise RuntimeError("no")
        return item

    assert each(work, [1, 2, 3], workers=workers, failed=told) == [1, "2: no", 3]


def test_several_are_worked_on_at_once():
    meeting = Barrier(3, timeout=30)
    assert sorted(each(lambda _item: meeting.wait(), [1, 2, 3], workers=3, failed=told)) == [0, 1, 2]


def test_one_alone_is_done_by_the_caller_and_none_by_nobody():
    assert each(lambda _item: current_thread(), ["a"], workers=4, failed=told) == [current_thread()]
    assert each(lambda _item: 1 / 0, [], workers=4, failed=told) == []
