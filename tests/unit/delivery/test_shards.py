"""Which reconciler is responsible for a model."""

from collections import Counter

import pytest

from gitops_models.delivery.shards import WHOLE, Shard, parse_shard
from gitops_models.errors import GmError

MODELS = [f"model-{number:04d}" for number in range(1000)]


def owner(model, count):
    (found,) = [index for index in range(1, count + 1) if Shard(index, count).has(model)]
    return found


def test_each_model_has_one_reconciler_and_each_reconciler_about_as_many():
    shares = Counter(owner(model, 4) for model in MODELS)
    assert set(shares) == {1, 2, 3, 4}
    assert all(200 < share < 300 for share in shares.values())
    assert all(WHOLE.has(model) for model in MODELS)


def test_one_more_reconciler_takes_its_part_and_moves_nothing_else():
    moved = [model for model in MODELS if owner(model, 4) != owner(model, 5)]
    assert 150 < len(moved) < 250
    assert {owner(model, 5) for model in moved} == {5}


def test_a_shard_is_written_i_of_n():
    assert parse_shard("2/3") == Shard(2, 3)
    assert str(parse_shard("2/3")) == "2/3"


@pytest.mark.parametrize("text", ["", "3", "0/3", "4/3", "1/0", "1/1001", "1/3/3", "a/3", "1/3 ", "-1/3", "1/99999"])
def test_anything_else_is_refused(text):
    with pytest.raises(GmError) as error:
        parse_shard(text)
    assert error.value.code == "GM-R501"
