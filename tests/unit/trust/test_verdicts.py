import json
import time

import pytest

from gitops_models.policy.facts import Signature
from gitops_models.trust.verdicts import Judged, VerdictCache, digest_of, judged
from gitops_models.trust.verify import Verified

GOOD = Judged("good", None, "", "ssh", "SHA256:x", ("ann", "bob"), touch=True, pin=False)


def test_a_verdict_becomes_plain_values():
    signature = Signature("good", None, "SHA256:x", "", "ssh", touch=True, pin=False)
    assert judged(Verified(signature, principals=("ann", "bob"))) == GOOD
    assert GOOD.good
    assert not Judged("bad", "GM-T003").good


def test_what_is_kept_comes_back(tmp_path):
    cache = VerdictCache(tmp_path / "gm" / "verdicts", "d" * 64)
    assert cache.load() == {}
    cache.save({"a" * 40: GOOD})
    assert cache.load() == {"a" * 40: GOOD}
    assert VerdictCache(tmp_path / "gm" / "verdicts", "e" * 64).load() == {}


def test_a_verdict_that_no_longer_holds_is_left_out(tmp_path):
    cache = VerdictCache(tmp_path, "d" * 64)
    now = int(time.time())
    cache.save({"old": Judged("good", until=now - 1), "young": Judged("good", until=now + 1000)})
    assert set(cache.load()) == {"young"}


@pytest.mark.parametrize(
    "text", ["", "[]", "{", "[1]", '{"a": 1}', '{"a": {}}', '{"a": {"verdict": "good", "principals": [], "x": 1}}']
)
def test_a_damaged_file_is_no_file(tmp_path, text):
    cache = VerdictCache(tmp_path, "d" * 64)
    (tmp_path / ("d" * 64 + ".json")).write_text(text)
    assert cache.load() == {}


def test_a_place_that_cannot_be_written_is_passed_over(tmp_path):
    (tmp_path / "file").write_text("")
    VerdictCache(tmp_path / "file", "d" * 64).save({"a": GOOD})
    assert (tmp_path / "file").read_text() == ""


def test_only_the_newest_files_stay(tmp_path):
    for number in range(12):
        VerdictCache(tmp_path, f"{number:064}").save({})
    assert len(list(tmp_path.iterdir())) == 8
    assert json.loads((tmp_path / f"{11:064}.json").read_text()) == {}


def test_the_digest_tells_its_parts_apart():
    assert digest_of([b"a", b"b"]) == digest_of([b"a", b"b"])
    assert len({digest_of(parts) for parts in ([b"a", b"b"], [b"ab"], [b"b", b"a"], [b"ab", b""], [])}) == 5
