import pytest

from gitops_models.store.config import UserConfig
from gitops_models.workflows.refspecs import dangers

ORDINARY = {"remote.origin.url": ("x",), "remote.origin.fetch": ("+refs/heads/*:refs/remotes/origin/*",)}


def found(**settings):
    named = {name.replace("__", "."): value for name, value in settings.items()}
    values = {name: value if isinstance(value, tuple) else (value,) for name, value in named.items()}
    return [danger.setting for danger in dangers(UserConfig({**ORDINARY, **values}, "/home/x"))]


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"remote__origin__mirror": "true"}, "remote.origin.mirror"),
        ({"remote__origin__fetch": "+refs/*:refs/*"}, "remote.origin.fetch"),
        ({"remote__origin__fetch": "+refs/gm/*:refs/gm/*"}, "remote.origin.fetch"),
        ({"remote__origin__fetch": "refs/gm/changes/*:refs/gm-seen/origin/tips/changes/*"}, "remote.origin.fetch"),
        (
            {"remote__origin__fetch": "+refs/gm/*:refs/gm-remote/origin/*", "fetch__prune": "true"},
            "remote.origin.prune",
        ),
        (
            {"remote__origin__fetch": "+refs/tags/*:refs/gm-tags/origin/*", "remote__origin__prune": "yes"},
            "remote.origin.prune",
        ),
        ({"remote__origin__push": "+refs/*:refs/*"}, "remote.origin.push"),
        ({"remote__origin__push": "+refs/gm/*"}, "remote.origin.push"),
        ({"remote__origin__push": ":refs/gm/checkpoints"}, "remote.origin.push"),
        ({"fetch__prune": "true", "fetch__prunetags": "true"}, "remote.origin.pruneTags"),
        ({"transfer__hiderefs": "refs/gm"}, "transfer.hiderefs"),
        ({"uploadpack__hiderefs": ("refs/x", "refs/gm/changes")}, "uploadpack.hiderefs"),
    ],
)
def test_a_setting_that_loses_the_ledger_is_named(settings, named):
    assert found(**settings) == [named]


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"fetch__prune": "true"},
        {"remote__origin__prune": "true"},
        {"remote__origin__mirror": "false"},
        {"fetch__prunetags": "true"},
        {"fetch__prune": "true", "remote__origin__prune": "false", "fetch__prunetags": "true"},
        {"remote__origin__fetch": ("+refs/heads/*:refs/remotes/origin/*", "^refs/gm/*", "refs/gm/*")},
        {"remote__origin__fetch": "+refs/gm/*:refs/gm-remote/origin/*"},
        {"remote__origin__push": ("refs/gm/*:refs/gm/*", "+refs/heads/*:refs/heads/*")},
        {"transfer__hiderefs": ("refs/gm", "!refs/gm")},
        {"transfer__hiderefs": "refs/pull"},
    ],
)
def test_ordinary_settings_are_left_alone(settings):
    assert found(**settings) == []
