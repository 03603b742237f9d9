"""``gm status --html`` over a real registry: what it shows, that nothing in it acts, and how it is written."""

import json

import pytest

from gitops_models.errors import Exit
from tests.support.killing import Shop, call
from tests.support.pages import Page

SCRIPT = "<script>alert('owned')</script>"


@pytest.fixture(scope="module")
def shop(tmp_path_factory, _isolated_session):
    """A rollback with hold, quarantine and cause, whose words are hostile, and an open proposal."""
    made = Shop(tmp_path_factory.mktemp("page"))
    for version in ("1.0.0", "1.1.0"):
        made.gm("promote", f"fraud@{version}", "--through", "production", "--merge", "-m", "go live")
    words = ("--stage", "production", "--cause", "poisoning", "--incident", "INC<b>7</b>", "--quarantine")
    made.gm("rollback", "fraud", *words, "--merge", "-m", SCRIPT)
    made.gm("cause", "open", "fraud", "inc-7", "--cause", "poisoning", "--merge", "-m", SCRIPT)
    made.gm("lift", "fraud", "--stage", "production", "--root-cause", "https://wiki/<i>7", "-m", SCRIPT)
    made.reconcile()
    return made


@pytest.fixture
def gm(shop):
    def run(*words):
        return call(["-C", str(shop.clone), "--no-input", *words])

    return run


@pytest.fixture
def page(gm, tmp_path):
    status, out, _ = gm("status", "--html", str(tmp_path / "index.html"))
    assert (status, "fraud" in out) == (Exit.OK, True)
    return Page((tmp_path / "index.html").read_text(encoding="utf-8"))


def section(page, title):
    """The cells of the table under a heading, as rows of text."""
    texts = page.texts
    start = next(index for index, (tag, data) in enumerate(texts) if tag == "h2" and data == title)
    cells = []
    for tag, data in texts[start + 1 :]:
        if tag == "h2":
            break
        cells.append(data)
    return cells


@pytest.mark.clause("B-6.1-2")
def test_the_page_shows_stages_holds_causes_last_known_good_and_proposals(page, shop):
    stages = section(page, "Stages")
    assert {"fraud", "production", "low", "1.0.0", "none"} <= set(stages)
    assert {"fraud", "production", "poisoning", "ada"} <= set(section(page, "Holds"))
    assert {"inc-7", "poisoning", "high"} <= set(section(page, "Open causes"))
    assert {"1.1.0"} <= set(section(page, "Quarantined versions"))
    proposals = section(page, "Open proposals")
    assert ("ada" in proposals, any("lift" in text for text in proposals)) == (True, True)
    assert page.text("code") == [shop.git("rev-parse", "main")]


def test_hostile_words_of_the_repository_are_text(page):
    assert "script" not in {tag for tag, _ in page.elements}
    reasons = [data for data in page.text() if "alert(" in data]
    assert reasons
    assert set(reasons) == {SCRIPT}
    assert "INC<b>7</b>" in page.text()


def test_a_stage_without_anything_to_go_back_to_is_marked(page):
    assert "none" in page.text("span")
    assert all(one == {"class": "bad"} for one in page.all("span"))


def test_a_page_on_standard_output_is_the_page_alone(gm):
    status, out, err = gm("status", "--html", "-")
    assert (status, out.startswith("<!DOCTYPE html>")) == (Exit.OK, True)
    assert "next: " in err
    assert Page(out)


def test_a_page_of_one_model_speaks_of_that_model_alone(gm):
    _, out, _ = gm("status", "fraud", "--html", "-")
    assert "inc-7" in Page(out).text()
    assert gm("status", "freud", "--html", "-")[0] == Exit.NOT_FOUND


def test_json_says_where_the_page_is(gm, tmp_path):
    status, out, _ = gm("--json", "status", "--html", str(tmp_path / "p.html"))
    body = json.loads(out)
    assert (status, body["kind"], body["html"]) == (Exit.OK, "Status", str(tmp_path / "p.html"))
    assert Page((tmp_path / "p.html").read_text())


@pytest.mark.parametrize("words", [("--json", "status", "--html", "-"), ("status", "--watch", "--html", "-")])
def test_the_page_goes_with_nothing_else_on_standard_output(gm, words):
    status, out, _ = gm(*words)
    assert (status, out) == (Exit.USAGE, "")


def test_a_page_is_replaced_whole_and_through_no_link(gm, tmp_path):
    target, precious = tmp_path / "index.html", tmp_path / "precious"
    precious.write_text("mine")
    target.symlink_to(precious)
    assert gm("status", "--html", str(target))[0] == Exit.OK
    assert (precious.read_text(), target.is_symlink()) == ("mine", False)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["index.html", "precious"]


def test_a_page_that_cannot_be_written_says_so(gm, tmp_path):
    status, out, err = gm("--json", "status", "--html", str(tmp_path / "nowhere" / "p.html"))
    assert (status, out, json.loads(err)["error"]["code"]) == (Exit.EXTERNAL, "", "GM-C177")


def test_drift_is_what_needs_attention(shop, gm):
    file = shop.served_root / "fraud" / "production" / "current" / "model.onnx"
    before = file.read_bytes()
    file.chmod(0o644)
    file.write_bytes(b"spoiled")
    try:
        found = Page(gm("status", "--html", "-")[1])
    finally:
        file.write_bytes(before)
    assert [data for data in found.text("li") if data.startswith("Drift: fraud#production changed-bytes")]
    assert [data for data in found.text("span") if "drifted" in data]
