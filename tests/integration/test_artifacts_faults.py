"""A reconcile over a network on which things go wrong: what is live stays live, and the next run brings the rest.

Real servers (HTTP, S3 by moto, SFTP) stand behind a wire that refuses, resets, cuts, stalls, repeats and corrupts.
"""

import os
import sys
from random import Random

import pytest

from gitops_models.artifacts.readers import CloudReader
from gitops_models.delivery.results import State
from tests.support.anywhere import somewhere
from tests.support.feeding import Served, Site, files_of
from tests.support.wire import CORRUPT, CUT, DEAD, REFUSE, REPEAT, RESET, STALL, TRICKLE, wire_to

OLD, NEW = "1.0.0", "1.1.0"
ALWAYS = 1 << 30
# Codes that a network may cause; GM-A314 and its like where the same wrong bytes came twice.
NETWORK = {"GM-A311", "GM-A312", "GM-A313", "GM-A314", "GM-A321", "GM-A322", "GM-A621", "GM-A622"}
HEADERS, MANIFEST, WEIGHTS, DEEP = 60, 1_500, 60_000, 250_000
FAULTS = [
    *(
        (fault, after, times)
        for fault in (RESET, CUT)
        for after in (0, HEADERS, WEIGHTS, DEEP)
        for times in (1, ALWAYS)
    ),
    *((fault, after, times) for fault in (REPEAT, CORRUPT) for after in (MANIFEST, WEIGHTS) for times in (1, ALWAYS)),
    (REFUSE, 0, 1),
    (REFUSE, 0, ALWAYS),
    (STALL, WEIGHTS, 1),
    (STALL, WEIGHTS, ALWAYS),
    (DEAD, MANIFEST, ALWAYS),
    (DEAD, WEIGHTS, ALWAYS),
    (DEAD, DEEP, ALWAYS),
    (TRICKLE, HEADERS, ALWAYS),
]
SAMPLE = 10  # of them in every run, others for each kind of remote; all in `make sweep`


@pytest.fixture(params=["http", "s3", "ssh"])
def site(request, tmp_path, home):
    versions = {version: files_of(tmp_path / "bytes" / version, version) for version in (OLD, NEW)}
    with somewhere(request.param, tmp_path / "far", request) as place, wire_to(place.port) as wire:
        if place.kind == "ssh":
            place.server.known_to(home, wire.port)
        for version in versions.values():
            version.put_into(place)
        yield Site(place, wire, versions, tmp_path / "bytes")


@pytest.mark.sweep
def test_whatever_the_network_does_what_is_live_stays_and_the_next_run_heals(site, tmp_path):
    reader = CloudReader(site.place.by(site.wire), patience=60)
    reader.size("0" * 32)  # a driver takes its time to start
    reader._patience = 1.5
    faults = FAULTS if os.environ.get("GM_SWEEP") else Random(site.place.kind).sample(FAULTS, SAMPLE)
    healed = failed = 0
    for number, (fault, after, times) in enumerate(faults):
        served = Served(site, tmp_path / f"case-{number}", reader)
        assert served.run(OLD).state is State.LIVE
        site.wire.break_(fault, after=after, times=times)
        during = served.run(NEW)
        site.wire.mend()
        if during.error:
            failed += 1
            assert during.error.code in NETWORK, (fault, after, times, during.error)
            assert served.live() == site.content_of(OLD), (fault, after, times)
        else:
            healed += 1
            assert served.live() == site.content_of(NEW), (fault, after, times)
        assert served.run(NEW).state is State.LIVE, (fault, after, times)
        assert served.live() == site.content_of(NEW)
        assert not list(served.content.partial.glob("*"))
    # `pytest -rP` shows how it went.
    sys.stdout.write(f"{site.place.kind}: {len(faults)} faults, {healed} healed in their run, {failed} in the next\n")
