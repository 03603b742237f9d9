import pytest

from tests.support.policy import (
    LENIENT,
    PIN,
    World,
    artifact,
    cause_file,
    document,
    evidence_file,
    finding,
    hold_file,
    lineage_yaml,
    pointer,
    policy_yaml,
    quarantine_file,
    status_file,
    version_files,
)

LINEAGE = "models/fraud/versions/1.0.0/lineage.yaml"
POINTER = "models/fraud/versions/1.0.0/model.onnx.dvc"
STEP = f"{2:040x}"


def world():
    return World().registered("1.0.0")


@pytest.mark.clause("B-4.3-1", "B-4.3-2", "B-9-1", "B-9-4", "B-3-3")
@pytest.mark.parametrize(
    "edits",
    [
        {LINEAGE: lineage_yaml("1.0.0", base="fraud@1.0.0")},
        {LINEAGE: None},
        {POINTER: pointer(artifact("9.9.9"))},
        {POINTER: None},
        {"models/fraud/versions/1.0.0/more.bin.dvc": pointer(artifact("1.0.0", path="more.bin"))},
    ],
)
def test_a_released_version_is_never_edited_removed_or_added_to(edits):
    assert "GM-P101" in world().codes(edits)


@pytest.mark.clause("B-7-5", "B-6.2-5")
@pytest.mark.parametrize(
    "record_files",
    [
        hold_file(),
        quarantine_file("1.0.0"),
        status_file("suspend"),
        evidence_file("1.0.0", "unit-tests", by="engineer"),
        {"models/fraud/versions/1.0.0/evidence/model.sig": b"{}"},
    ],
)
def test_a_record_is_never_edited_or_removed(record_files):
    here = world().accept(record_files)
    path = next(iter(record_files))
    edited = record_files[path] + b"\n"
    assert "GM-P102" in here.codes({path: edited}, by="operator")
    assert "GM-P102" in here.codes({path: None}, by="operator")


def test_a_cause_is_never_removed():
    here = world().accept(cause_file())
    assert "GM-P102" in here.codes(dict.fromkeys(cause_file()), by="operator")


@pytest.mark.parametrize(
    "files",
    [
        hold_file(2),
        quarantine_file("1.0.0", 2),
        status_file("suspend", 3),
        {**hold_file(1), **hold_file(3)},
    ],
)
def test_records_are_numbered_without_gaps(files):
    assert world().codes(files, by="operator") == ("GM-P103",)


def test_records_that_follow_the_last_one_are_fine():
    here = world().accept(hold_file(1)).accept(quarantine_file("1.0.0", 1)).accept(status_file("suspend", 1))
    edits = {**hold_file(2), **hold_file(3), **quarantine_file("1.0.0", 2), **status_file("suspend", 2)}
    assert here.judge(edits, by="operator").allowed


@pytest.mark.clause("B-9-2")
def test_an_artifact_without_a_pointer_and_a_pointer_without_an_artifact_are_refused():
    files = version_files("1.1.0")
    path = "models/fraud/versions/1.1.0/model.onnx.dvc"
    extra = {"models/fraud/versions/1.1.0/more.bin.dvc": pointer(artifact("1.1.0", path="more.bin"))}
    assert world().codes({**files, path: None}) == ("GM-P104",)
    assert world().codes({**files, **extra}) == ("GM-P104",)
    assert world().codes(extra) == ("GM-P104",)


@pytest.mark.clause("A-snapshots-2", "B-4.2-7")
@pytest.mark.parametrize("change", [{"md5": "0" * 32}, {"size": 11}, {"path": "other.onnx"}])
def test_a_pointer_to_other_bytes_than_the_lineage_is_refused(change):
    path = "models/fraud/versions/1.1.0/model.onnx.dvc"
    edits = {**version_files("1.1.0"), path: pointer(artifact("1.1.0"), **change)}
    assert world().codes(edits) == ("GM-P105",)


@pytest.mark.clause("B-3-1", "B-4.3-2")
def test_released_weights_under_another_version_are_refused():
    verdict = world().judge(version_files("1.1.0", artifacts=[artifact("1.0.0")]))
    assert verdict.codes == ("GM-P106",)
    assert "1.0.0" in finding(verdict, "GM-P106").message


def test_the_same_weights_twice_in_one_change_are_refused():
    edits = {**version_files("1.1.0"), **version_files("1.2.0", artifacts=[artifact("1.1.0")])}
    assert world().codes(edits) == ("GM-P106",)


def test_the_same_weights_twice_in_one_version_or_in_another_model_are_fine():
    twice = [artifact("1.1.0"), {**artifact("1.1.0"), "path": "copy.onnx"}]
    assert world().judge(version_files("1.1.0", artifacts=twice)).allowed
    here = world().registered(model="churn")
    assert here.judge(version_files("1.0.0", model="churn", artifacts=[artifact("1.0.0")])).allowed


def prompts(version, prompt, **fields):
    return version_files(version, artifacts=[artifact(prompt, path="p.txt", role="prompt")], **fields)


def test_a_released_prompt_that_is_all_of_a_version_is_refused_under_another():
    here = World(policy_yaml(**{**LENIENT, "lineage": {"require": ["artifacts"], "coverage": []}})).registered()
    here.accept(prompts("1.0.0", "1.0.0"))
    assert here.codes(prompts("1.1.0", "1.0.0")) == ("GM-P106",)
    assert here.judge(prompts("1.1.0", "1.1.0")).allowed


def test_words_that_are_all_of_a_version_are_told_apart_as_a_whole():
    def words(prompt, system):
        return [
            artifact(prompt, path="p.txt", role="prompt"),
            artifact(system, path="s.txt", role="system-instruction"),
        ]

    none = {"not_applicable": ["weights"]}
    here = World().registered(type="prompt").accept(version_files("1.0.0", artifacts=words("a", "b"), **none))
    assert here.codes(version_files("1.1.0", artifacts=words("a", "b"), **none)) == ("GM-P106",)
    assert here.judge(version_files("1.1.0", artifacts=words("a", "c"), **none)).allowed


def test_a_released_configuration_is_refused_under_another_version():
    entry = artifact("1.0.0", path="router.yaml", role="configuration")
    here = (
        World()
        .registered(type="configuration")
        .accept(version_files("1.0.0", artifacts=[entry], not_applicable=["weights"]))
    )
    assert here.codes(version_files("1.1.0", artifacts=[entry], not_applicable=["weights"])) == ("GM-P106",)


def test_new_weights_may_keep_their_prompt():
    prompt = artifact("1.0.0", path="p.txt", role="prompt")
    here = World().registered().accept(version_files("1.0.0", artifacts=[artifact("1.0.0"), prompt]))
    assert here.judge(version_files("1.1.0", artifacts=[artifact("1.1.0"), prompt])).allowed


def promoting(tags, *, live=True):
    here = world().promoted("1.0.0", "development")
    return here.judge(here.stage("1.0.0", "validation"), approvals=["lead"], tags=tags, live=live)


def test_a_promotion_past_the_first_stage_needs_the_tag_of_the_registering_step():
    assert promoting({"fraud@v1.0.0": STEP}).allowed
    assert promoting({}).codes == ("GM-P108",)
    assert promoting({"fraud@v1.0.0": "f" * 40}).codes == ("GM-P107",)
    assert promoting(None).allowed


def test_a_tag_lost_later_is_a_finding_and_no_denial():
    verdict = promoting({}, live=False)
    assert verdict.allowed
    assert [(one.code, one.severity) for one in verdict.findings] == [("GM-P108", "warn")]


def test_the_first_stage_and_a_version_of_this_change_need_no_tag():
    here = world()
    assert here.judge(here.stage("1.0.0", "development"), approvals=["lead"], tags={}).allowed
    files = version_files("1.1.0")
    edits = {
        **files,
        **here.stage("1.1.0", "development", files=files),
        **here.stage("1.1.0", "validation", files=files),
    }
    assert here.judge(edits, approvals=["lead"], tags={}).allowed


def test_the_tag_of_a_version_from_before_the_pin_may_stand_for_any_step():
    pinned = World(
        files={"models/fraud/model.yaml": document("Model", name="fraud", risk="low"), **version_files("1.0.0")}
    )
    assert pinned.state.registered["fraud", "1.0.0"].step == PIN
    pinned.promoted("1.0.0", "development")
    edits = pinned.stage("1.0.0", "validation")
    assert pinned.judge(edits, approvals=["lead"], tags={"fraud@v1.0.0": "e" * 40}).allowed
    assert pinned.codes(edits, approvals=["lead"], tags={}) == ("GM-P108",)
