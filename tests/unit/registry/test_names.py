import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_models.errors import GmError
from gitops_models.registry import names

numbers = st.integers(0, 30)
identifiers = st.from_regex(r"(0|[1-9][0-9]{0,3}|[0-9]{0,2}[a-z-][0-9a-z-]{0,4})", fullmatch=True)
semver = st.builds(
    lambda core, pre: ".".join(map(str, core)) + ("-" + ".".join(pre) if pre else ""),
    st.tuples(numbers, numbers, numbers),
    st.lists(identifiers, max_size=3),
)
good_names = st.from_regex(names.NAME_PATTERN.strip("^$"), fullmatch=True).filter(names.is_name)


@pytest.mark.parametrize("name", ["fraud", "fraud-v2", "a.b_c-d", "0", "x" * 64])
def test_a_name_of_lower_case_words_is_accepted(name):
    assert names.check_name(name) == name


@pytest.mark.parametrize(
    "name", ["", "Fraud", "a..b", "-a", "a-", "a b", "a/b", "x" * 65, "a.lock", "a\n", "é", "@", "a@b", ".", ".."]
)
def test_any_other_name_is_refused(name):
    with pytest.raises(GmError, match="is not a valid model name") as caught:
        names.check_name(name, "model name")
    assert caught.value.code == "GM-D010"


@pytest.mark.clause("B-4.1-1")
@pytest.mark.parametrize("version", ["0.0.0", "1.2.0", "1.0.0-rc.1", "10.20.30-a.0.b-c", "sha256-0123456789ab"])
def test_a_semantic_or_content_version_is_accepted(version):
    assert names.check_version(version) == version


@pytest.mark.clause("B-4.1-1")
@pytest.mark.parametrize(
    "version",
    ["", "1", "1.2", "01.2.3", "1.2.3+b", "1.0.0-01", "1.0.0-RC", "v1.0.0", "1.0.0-", "sha256-0123456789AB",
     "sha256-012345", "1.0.0\n", "1.0.0-a..b", "1.0.0-a.lock", "1.0.0-" + "a" * 64, "latest"],
)  # fmt: skip
def test_any_other_version_is_refused(version):
    with pytest.raises(GmError) as caught:
        names.check_version(version)
    assert caught.value.code == "GM-D011"


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("fraud", names.Reference("fraud")),
        ("fraud@1.2.0", names.Reference("fraud", version="1.2.0")),
        ("fraud@latest", names.Reference("fraud", version="latest")),
        ("fraud#production", names.Reference("fraud", stage="production")),
    ],
)
def test_a_reference_names_model_and_version_or_stage(text, reference):
    assert names.parse_reference(text) == reference
    assert str(reference) == text


def test_the_tag_form_is_understood_as_a_reference():
    assert names.parse_reference("fraud@v1.2.0") == names.Reference("fraud", version="1.2.0")


@pytest.mark.parametrize(
    "text", ["", "@", "#", "fraud@", "fraud#", "fraud@vlatest", "Fraud@1.0.0", "fraud@1.0.0#production", "a b", "-x"]
)
def test_any_other_reference_is_refused(text):
    with pytest.raises(GmError) as caught:
        names.parse_reference(text)
    assert caught.value.code == "GM-D012"


def test_versions_sort_by_semver_precedence_with_content_versions_first():
    # The order of SemVer 2.0.0 section 11.
    ordered = ["sha256-000000000000", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2",
               "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "1.2.0", "1.10.0", "2.0.0"]  # fmt: skip
    assert sorted(set(ordered), key=names.version_key) == ordered


@given(st.lists(semver, max_size=8), st.sampled_from(["major", "minor", "patch"]))
def test_the_next_version_lies_above_every_existing_one(existing, bump):
    found = names.next_version(existing, bump)
    assert names.is_version(found)
    assert all(names.version_key(found) > names.version_key(version) for version in existing)


@pytest.mark.parametrize(
    ("existing", "bump", "expected"),
    [
        ([], "patch", "1.0.0"),
        (["sha256-0123456789ab"], "minor", "1.0.0"),
        (["1.0.0", "1.10.0", "1.9.3"], "minor", "1.11.0"),
        (["1.2.3"], "major", "2.0.0"),
        (["1.2.3"], "patch", "1.2.4"),
        (["1.0.0", "2.0.0-rc.1"], "major", "2.0.0"),
        (["1.1.0-rc.1"], "major", "2.0.0"),
        (["1.3.0-rc.1"], "minor", "1.3.0"),
        (["1.3.1-rc.1"], "minor", "1.4.0"),
        (["1.3.1-rc.1"], "patch", "1.3.1"),
    ],
)
def test_the_next_version_follows_the_highest(existing, bump, expected):
    assert names.next_version(existing, bump) == expected


@given(good_names, semver.filter(names.is_version))
def test_a_tag_name_reads_back(model, version):
    assert names.parse_tag(names.tag_name(model, version)) == (model, version)


@pytest.mark.parametrize("tag", ["v1.0.0", "fraud", "fraud@1.0.0", "Fraud@v1.0.0", "fraud@v1", "fraud@vlatest", ""])
def test_a_foreign_tag_is_nobodys_version(tag):
    assert names.parse_tag(tag) is None


@given(st.text(max_size=20))
def test_whatever_is_a_name_passes_every_check_of_git_for_refs(text):
    if names.is_name(text):
        assert not text.startswith(("-", "."))
        assert not any(bad in text for bad in ("..", "@", "/", " ", "~", "^", ":", "?", "*", "[", "\\", "\x7f"))
        assert not text.endswith((".lock", "."))
