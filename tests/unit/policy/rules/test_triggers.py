"""Who may say what starts a rollback: whoever may register, with the quorum of the model's risk."""

import pytest

from tests.support.policy import World, document

PATH = "models/fraud/triggers.yaml"
DROP = {"name": "drop", "use": "metrics", "fail": {"below": 0.9}}


def triggers(*found, model="fraud"):
    return {PATH: document("Triggers", model=model, triggers=list(found or (DROP,)))}


def world(risk="low"):
    return World().registered("1.0.0", risk=risk)


@pytest.mark.parametrize(("risk", "quorum"), [("low", ["lead"]), ("medium", ["raio"]), ("high", ["raio", "domain"])])
def test_triggers_need_the_quorum_of_the_risk(risk, quorum):
    here = world(risk)
    assert here.codes(triggers()) == ("GM-P401",)
    assert here.codes(triggers(), approvals=quorum[:-1]) == ("GM-P401",)
    assert here.judge(triggers(), approvals=quorum).allowed


def test_to_weaken_and_to_remove_them_takes_the_same():
    here = world("high").accept(triggers())
    for edits in (triggers({**DROP, "fail": {"below": 0.1}}), {PATH: None}):
        assert here.codes(edits) == ("GM-P401",)
        assert here.judge(edits, approvals=["raio", "domain"]).allowed


def test_who_may_not_register_may_not_change_triggers_and_neither_may_the_monitor():
    here = world()
    assert "GM-P403" in here.codes(triggers(), by="visitor", approvals=["lead"])
    assert "GM-P403" in here.codes(triggers(), by="monitor", approvals=["lead"])


@pytest.mark.parametrize(
    ("found", "code"),
    [
        ({PATH: b"kind: Triggers\n"}, "GM-P001"),
        (triggers({**DROP, "url": "http://inside.example/"}), "GM-P001"),
        (triggers({**DROP, "command": ["sh"]}), "GM-P001"),
        (triggers(model="other"), "GM-P002"),
        ({PATH: document("Model", name="fraud", risk="low")}, "GM-P001"),
    ],
)
def test_what_is_no_such_document_is_refused(found, code):
    assert world().codes(found, approvals=["lead"]) == (code,)
