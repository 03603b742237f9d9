import pytest

from gitops_models.errors import GmError
from gitops_models.registry import documents as docs
from gitops_models.registry.documents.triggers import seconds_of, slots_of
from gitops_models.registry.watched import triggers_of
from tests.support.documents import Documents

HEAD = "apiVersion: gitops-models/v1\nkind: Triggers\nmodel: fraud\ntriggers:\n"
DROP = """- name: accuracy-drop
  use: prometheus-main
  query: 'model_accuracy{model="{{model}}",version="{{version}}"}'
  reduce: min
  baseline: {of: previous-version, max_drop: 0.05}
  for: 5m
"""


def parsed(text):
    return docs.parse_document((HEAD + text).encode(), "models/fraud/triggers.yaml", "Triggers")


def refused(text):
    with pytest.raises(GmError) as caught:
        parsed(text)
    assert caught.value.code == "GM-D021"
    return caught.value.message


@pytest.mark.clause("A-triggers-1")
def test_a_trigger_has_a_name_a_condition_and_a_severity_that_is_high_unless_it_says_otherwise():
    (trigger,) = parsed(DROP).triggers
    assert (trigger.name, trigger.severity, trigger.lasting) == ("accuracy-drop", "high", "5m")
    assert (trigger.baseline.of, trigger.baseline.max_drop) == ("previous-version", 0.05)
    assert parsed(DROP + "  severity: critical\n").triggers[0].severity == "critical"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- {name: a, use: s}", "name either baseline or fail"),
        (DROP + "  fail: {below: 1}", "name either baseline or fail"),
        ("- {name: a, use: s, fail: {}}", "name one of below, above and equals"),
        ("- {name: a, use: s, fail: {below: 1, above: 2}}", "name one of below, above and equals"),
        ("- {name: a, use: s, fail: {equals: x, count_where: {a: b}}}", "a count is compared by above or below"),
        ("- {name: a, use: s, fail: {above: 0, count_where: {}}}", "at least 1 item"),
        ("- {name: a, use: s, query: 'q', baseline: {of: 1, max_drop: 1, max_rise: 1}}", "either max_drop or max_rise"),
        ("- {name: a, use: s, query: 'q', baseline: {of: 1}}", "either max_drop or max_rise"),
        ("- {name: a, use: s, query: 'q', baseline: {of: 1, max_drop: -0.1}}", "greater than or equal to 0"),
        ("- {name: a, use: s, query: 'q', baseline: {of: lineage, max_drop: 1}}", "previous-version"),
        ("- {name: a, use: s, baseline: {of: previous-version, max_drop: 1}}", "names {{version}} or {{digest}}"),
        ("- {name: a, use: s, query: '{{host}}', fail: {below: 1}}", "{{host}} is no variable"),
        ("- {name: a, use: s, fail: {below: 1}, interval: 0s}", "interval is at least 1s"),
        ("- {name: a, use: s, fail: {below: 1}, for: 5}", "must be text"),
        ("- {name: a, use: s, fail: {below: 1}, for: 5w}", "should match pattern"),
        ("- {name: a, use: s, fail: {below: 1}, min_samples: 0}", "greater than or equal to 1"),
        ("- {name: a, use: s, url: 'http://x', fail: {below: 1}}", "Extra inputs are not permitted"),
        ("- {name: a, use: s, fail: {below: 1}}\n- {name: a, use: t, fail: {below: 1}}", "trigger a is listed twice"),
        ("".join(f"- {{name: t{n}, use: s, fail: {{below: 1}}}}\n" for n in range(65)), "at most 64 items"),
    ],
)
def test_what_makes_no_sense_is_refused(text, message):
    assert message in refused(text)


def test_durations_and_variables():
    assert [seconds_of(text) for text in ("0s", "30s", "5m", "2h", "1d")] == [0, 30, 300, 7200, 86400]
    assert slots_of('sum(a{v="{{version}}",d="{{digest}}"})') == {"version", "digest"}
    assert slots_of(None) == frozenset()


def test_a_model_has_the_triggers_of_its_file_or_none():
    tree = Documents().model("fraud")
    assert triggers_of(tree.snapshot(), "fraud") == ()
    tree.file("models/fraud/triggers.yaml", (HEAD + DROP).encode())
    assert [one.name for one in triggers_of(tree.snapshot(), "fraud")] == ["accuracy-drop"]
