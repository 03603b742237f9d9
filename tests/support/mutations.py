"""Bytes changed at random, the same way on every run."""

import random


def mutations(raw, count, seed):
    """``raw`` with one to three changes: bytes set, flipped, removed, doubled, lines moved, the end cut off."""
    chance = random.Random(seed)
    for _ in range(count):
        changed = bytearray(raw)
        for _ in range(chance.choice((1, 1, 2, 3))):
            change(changed, chance)
        if bytes(changed) != raw:
            yield bytes(changed)


def change(data, chance):
    at = chance.randrange(len(data))
    kind = chance.randrange(6)
    if kind == 0:
        data[at] = chance.randrange(256)
    elif kind == 1:
        data[at] ^= 1 << chance.randrange(8)
    elif kind == 2:
        del data[at : at + chance.choice((1, 1, 4, 70))]
    elif kind == 3:
        data[at:at] = data[at : at + chance.choice((1, 4, 70))]
    elif kind == 4:
        rows = bytes(data).split(b"\n")
        rows.insert(chance.randrange(len(rows)), rows.pop(chance.randrange(len(rows))))
        data[:] = b"\n".join(rows)
    else:
        data[at:] = data[at : at + 1]
    if not data:
        data[:] = b"x"
