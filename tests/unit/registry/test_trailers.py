import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_models.errors import GmError
from gitops_models.registry import events as ev
from gitops_models.registry import trailers as tr
from gitops_models.registry.text import UNSAFE

keys = st.sampled_from([tr.GM_EVENT, tr.GM_REASON, tr.REVERTS, tr.APPROVED_BY])
lines = st.text(min_size=1, max_size=30).filter(lambda text: not UNSAFE.search(text) and text.strip(" "))
messages = st.text(st.sampled_from("ab: -\nGm\t"), max_size=40)


@given(st.lists(st.tuples(keys, lines), min_size=1, max_size=4), lines, messages)
def test_trailers_read_back_whatever_subject_and_body_say(pairs, subject, body):
    found = tr.parse_trailers(tr.commit_message(subject, body, pairs))
    assert list(found) == [(key, tr.single_line(value)) for key, value in pairs]


@given(lines, messages)
def test_subject_and_body_never_make_trailers(subject, body):
    assert tr.parse_trailers(tr.commit_message(subject, body, [])).pairs == ()


def test_a_key_has_all_its_values_and_the_last_one_counts():
    found = tr.parse_trailers("s\n\nReverts: a\nreverts: b\nGm-Event: promoted\n")
    assert found.all("Reverts") == ("a", "b")
    assert found.get("reverts") == "b"
    assert found.get("Gm-Risk") is None


def test_a_folded_value_is_one_value():
    assert tr.parse_trailers("s\r\n\r\nGm-Reason: a\r\n  b\r\n").get("Gm-Reason") == "a b"


@pytest.mark.parametrize("message", ["", "Gm-Event: promoted", "s\n\ntext\nGm-Event: x", "s\n\n  x\nGm-Event: x"])
def test_what_is_not_a_paragraph_of_trailers_is_none(message):
    assert tr.parse_trailers(message) == tr.Trailers()


def test_a_message_has_subject_body_and_trailers():
    message = tr.commit_message(
        "Promote\nfraud", "Line one.  \n\n\n\nLine\ttwo.\n", [("Gm-Event", "promoted"), ("Gm-To", "")]
    )
    assert message == "Promote fraud\n\nLine one.\n\nLine    two.\n\nGm-Event: promoted\n"
    assert tr.commit_message(" ", "", []) == "(no subject)\n"


@pytest.mark.parametrize("text", ["a\x1bb", "a\x00", "a\u202eb", "a\x85b", "\x7f"])
def test_control_and_bidirectional_characters_are_refused_everywhere(text):
    for call in (
        lambda: tr.render_trailers([("Gm-Reason", text)]),
        lambda: tr.commit_message(text, "", []),
        lambda: tr.commit_message("s", text, []),
    ):
        with pytest.raises(GmError) as caught:
            call()
        assert caught.value.code == "GM-D040"


@pytest.mark.parametrize("key", ["", "Gm Event", "Gm:", "Gm-", "-Gm", "Gm\n"])
def test_a_bad_key_is_refused(key):
    with pytest.raises(GmError) as caught:
        tr.render_trailers([(key, "x")])
    assert caught.value.code == "GM-D041"


def test_a_reason_of_several_lines_becomes_one():
    assert tr.render_trailers([("Gm-Reason", "a\nGm-Event: forged\r\n b")]) == "Gm-Reason: a Gm-Event: forged b\n"


def test_an_event_is_stated_by_its_trailers():
    pins = {"paths": (), "model": "fraud", "lineage_sha256": "0" * 64}
    move = ev.RolledBack(stage="production", from_version="1.1.0", to_version="1.0.0", **pins)
    assert tr.event_trailers(move) == (
        ("Gm-Event", "rolled-back"), ("Gm-Model", "fraud"), ("Gm-Stage", "production"), ("Gm-From", "1.1.0"),
        ("Gm-To", "1.0.0"),
    )  # fmt: skip
    first = ev.Promoted(stage="staging", from_version=None, to_version="1.0.0", **pins)
    assert ("Gm-From", "None") not in tr.event_trailers(first)
    registered = ev.VersionRegistered(paths=(), model="fraud", version="1.0.0")
    assert tr.event_trailers(registered)[-1] == ("Gm-To", "1.0.0")


def test_events_have_the_names_of_the_design():
    assert "version-registered" in ev.EVENT_NAMES
    assert "stage-move" not in ev.EVENT_NAMES
    assert {"promoted", "rolled-back", "undeployed", "forbidden", "bytes-deleted"} <= set(ev.EVENT_NAMES)
    assert len(ev.EVENT_NAMES) == 25
