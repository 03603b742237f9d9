import json
import runpy

import pytest

from gitops_models.registry import schema
from gitops_models.registry.documents import KINDS, document_class


def test_the_committed_schemas_are_those_of_the_code(repository_root):
    """`python -m gitops_models.registry.schema` writes them anew."""
    committed = {path.name: path.read_text(encoding="utf-8") for path in (repository_root / "schemas/v1").iterdir()}
    assert {name: schema.schema_text(value) for name, value in schema.schemas().items()}.items() <= committed.items()


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_has_title_description_and_example(kind):
    found = schema.document_schema(document_class(kind))
    for part in (found, *found.get("$defs", {}).values()):
        for name, field in part["properties"].items():
            assert field["title"], name
            assert field["description"].endswith(".") or field["description"].endswith("..."), name
            assert len(field["examples"]) == 1, name
    assert found["required"][:2] == ["apiVersion", "kind"]
    assert not found["additionalProperties"]


def test_the_module_writes_the_files(tmp_path, monkeypatch):
    schema.main([str(tmp_path / "v1")])
    written = {path.name: json.loads(path.read_text()) for path in (tmp_path / "v1").iterdir()}
    assert written == schema.schemas()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["schema"])
    runpy.run_path(schema.__file__, run_name="__main__")
    assert (tmp_path / "schemas/v1/Model.schema.json").is_file()
