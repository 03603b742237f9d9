"""The attacks that are tried, counted by mechanism: each names its code and who would try it (see tests/support)."""

import os
from collections import Counter

from gitops_models.errors.codes import all_codes
from tests.support.attacks import ATTACKERS, OUTCOMES, asserted, attacks, lookalikes, summary

ATTACKS, LOOKALIKES = 80, 30


def test_at_least_eighty_attacks_differ_in_mechanism_and_thirty_lookalikes_pass():
    assert len(attacks()) >= ATTACKS, os.linesep.join(summary())
    assert len(lookalikes()) >= LOOKALIKES, os.linesep.join(summary())


def test_no_mechanism_is_counted_twice():
    for names in ([attack.name for attack in attacks()], [one.name for one in lookalikes()]):
        assert [name for name, times in Counter(names).items() if times > 1] == []


def test_every_attack_names_what_refuses_it_and_its_test_asserts_that():
    codes = all_codes()
    for attack in attacks():
        assert attack.codes, attack
        for code in attack.codes:
            assert code in codes or code in OUTCOMES, attack
            assert code in OUTCOMES or code in asserted(attack.test), attack


def test_every_attack_is_one_of_the_table_and_every_attacker_is_tried():
    assert {attack.by for attack in attacks()} == set(ATTACKERS)
