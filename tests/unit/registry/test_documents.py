from typing import get_args

import pytest
from pydantic import BaseModel

from gitops_models.errors import GmError
from gitops_models.registry import documents as docs
from gitops_models.registry.documents import _base
from gitops_models.registry.documents.identity import identity_problem
from gitops_models.registry.paths import Layout
from tests.support.documents import NOW, Documents

LINEAGE = """apiVersion: gitops-models/v1
kind: Lineage
model: fraud
version: 1.2.0
created: "2026-11-21T10:00:00Z"
author: ml-engineer-1
features:
  schema: transactions-v7
parameters:
  values:
    nothing: null
    empty: []
metrics:
  - name: auc
    value: 0.912
    higher_is_better: false
base: fraud@1.1.0
"""


def refused(text: str, kind: str | None = None) -> GmError:
    with pytest.raises(GmError) as caught:
        docs.parse_document(text.encode(), "models/fraud/x.yaml", kind)
    assert caught.value.where == "models/fraud/x.yaml"
    return caught.value


def parts(cls):
    """A document class and every part class below it."""
    found, queue = [], [cls]
    while queue:
        current = queue.pop()
        if isinstance(current, type) and issubclass(current, BaseModel):
            found.append(current)
            queue += [field.annotation for field in current.model_fields.values()]
        else:
            queue += get_args(current)
    return found


def example(cls):
    return {field.alias or name: field.examples[0] for name, field in cls.model_fields.items()}


EXCLUDING = {"Baseline": ["max_rise"], "Fail": ["above", "equals"], "Trigger": ["fail"]}


@pytest.mark.parametrize("kind", docs.KINDS)
def test_the_examples_of_every_kind_make_a_valid_document_that_reads_back(kind):
    for part in parts(docs.document_class(kind)):
        value = example(part)
        if part is docs.Status:
            value["action"] = "retire"
        for name in EXCLUDING.get(part.__name__, ()):
            del value[name]
        docs.validate(part, value, part.__name__)
    document = docs.validate(docs.document_class(kind), example(docs.document_class(kind)), kind)
    data = docs.render(document)
    assert docs.parse_document(data, "x", kind) == document
    assert docs.render(docs.parse_document(data, "x")) == data


def test_a_document_is_written_with_its_fields_in_order_and_without_empty_ones():
    assert docs.render(docs.parse_document(LINEAGE.encode(), "x")) == LINEAGE.encode()


def test_defaults_that_are_not_empty_are_written():
    text = docs.render(docs.Repository(id="r")).decode()
    assert text == "apiVersion: gitops-models/v1\nkind: Repository\nid: r\nline: main\nforge: git\nmodels: models\n"


@pytest.mark.parametrize(
    ("code", "old", "new", "message"),
    [
        ("GM-D020", "gitops-models/v1", "gitops-models/v2", "apiVersion `gitops-models/v2` with kind `Lineage`"),
        ("GM-D020", "kind: Lineage", "kind: Linage", "kind `Linage`"),
        ("GM-D020", "kind: Lineage", "kind: [Lineage]", "kind `['Lineage']`"),
        ("GM-D021", "version: 1.2.0", "version: 1.2", "version: must be text; put it in quotes"),
        ("GM-D021", "version: 1.2.0", "version: 1.2.0-a.lock", "version: is not a valid version"),
        ("GM-D021", "model: fraud", "model: fraud.lock", "model: is not a valid name"),
        ("GM-D021", "author: ml-engineer-1", "author: null", "author: must be text; put it in quotes"),
        ("GM-D021", "author: ml-engineer-1\n", "", "author: Field required"),
        ("GM-D021", "base: fraud@1.1.0", "base: fraud@latest", "base: is not MODEL@VERSION"),
        ("GM-D021", "base: fraud@1.1.0", "base: fraud", "base: is not MODEL@VERSION"),
        ("GM-D021", "base: fraud@1.1.0", "base: fraud@", "base: `fraud@` does not name a version"),
        ("GM-D021", "base:", "bases:", "bases: Extra inputs are not permitted"),
        ("GM-D021", "2026-11-21T10", "2026-11-31T10", "created: `2026-11-31T10:00:00Z` is not a UTC time"),
        ("GM-D021", "value: 0.912", "value: '0.912'", "metrics.0.value: Input should be a valid number"),
        ("GM-D021", "false", "no", "metrics.0.higher_is_better: Input should be a valid boolean"),
    ],
)
def test_content_that_does_not_fit_is_refused_with_the_name_of_the_field(code, old, new, message):
    error = refused(LINEAGE.replace(old, new))
    assert error.code == code
    assert message in error.message


def test_every_field_that_does_not_fit_is_named():
    error = refused(LINEAGE.replace("model: fraud", "model: F").replace("author: ml", "author: ML"))
    assert error.message.startswith("model:")
    assert error.details[0].startswith("author:")


def test_a_document_of_another_kind_than_asked_for_is_refused():
    assert refused(LINEAGE, "Model").code == "GM-D022"


def test_an_unknown_kind_has_no_class():
    with pytest.raises(GmError, match="unknown kind `Waver`") as caught:
        docs.document_class("Waver")
    assert caught.value.code == "GM-D020"


def test_an_artifact_is_listed_once():
    entry = docs.ArtifactEntry(path="model.onnx", role="weights", sha256="0" * 64, size=1)
    value = {"model": "m", "version": "1.0.0", "created": NOW, "author": "a"}
    with pytest.raises(GmError, match="an artifact path is listed twice") as caught:
        docs.validate(docs.Lineage, {**value, "artifacts": [entry, entry]}, "x")
    assert caught.value.code == "GM-D021"


def test_artifacts_are_found_by_path_and_digests_by_role():
    weights = docs.ArtifactEntry(path="model.onnx", role="weights", sha256="0" * 64, size=1)
    code = docs.ArtifactEntry(path="train.py", role="training-code", sha256="1" * 64, size=1)
    lineage = docs.Lineage(model="m", version="1.0.0", created=NOW, author="a", artifacts=(weights, code))
    assert lineage.artifact("train.py") == code
    assert lineage.artifact("other") is None
    assert lineage.digests("weights") == ("0" * 64,)
    assert lineage.digests() == ("0" * 64, "1" * 64)


def test_a_single_version_cannot_be_suspended():
    value = {"model": "m", "action": "suspend", "version": "1.0.0", "reason": "r", "by": "a", "created": NOW}
    with pytest.raises(GmError, match="a single version can be retired only"):
        docs.validate(docs.Status, value, "x")


def test_documents_cannot_be_changed():
    with pytest.raises(ValueError, match="frozen"):
        docs.Repository(id="r").line = "other"


@pytest.mark.parametrize("path", ["model.onnx", "MLmodel", "_x", "environment.lock"])
def test_an_artifact_is_one_path_segment(path):
    assert _base.is_artifact_path(path)
    assert not _base.is_artifact_path(f"{path}/x")


def test_identity_is_compared_with_the_path():
    tree = Documents().model("fraud").version("fraud", "1.0.0").stage("fraud", "production", "1.0.0")
    tree.cause("fraud", "inc-1").status("fraud", 1, "retire", "1.0.0").hold("fraud", "staging", 1)
    tree.quarantine("fraud", "1.0.0", 1).evidence("fraud", "1.0.0", "evaluation").repository()
    snapshot = tree.snapshot()
    for path in tree.entries:
        if not path.endswith(".dvc"):
            assert identity_problem(snapshot.document(path), snapshot.place(path)) is None


@pytest.mark.parametrize(
    ("good", "wrong", "problem"),
    [
        ("models/a/model.yaml", "models/b/model.yaml", "name is `a` in the file and `b` in the path"),
        ("models/a/stages/x.yaml", "models/b/stages/x.yaml", "model is `a` in the file and `b` in the path"),
        ("models/a/stages/x.yaml", "models/a/stages/y.yaml", "stage is `x` in the file and `y` in the path"),
        ("models/a/causes/c.yaml", "models/a/causes/d.yaml", "id is `c` in the file and `d` in the path"),
        (
            "models/a/versions/1.0.0/lineage.yaml",
            "models/a/versions/1.0.1/lineage.yaml",
            "version is `1.0.0` in the file and `1.0.1` in the path",
        ),
    ],
)
def test_a_document_at_another_path_than_it_says_is_noticed(good, wrong, problem):
    tree = Documents().model("a").version("a", "1.0.0").stage("a", "x", "1.0.0").cause("a", "c")
    place = Layout().classify(wrong)
    assert identity_problem(tree.snapshot().document(good), place) == problem
