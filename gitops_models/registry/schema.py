"""JSON Schemas of the documents, one per kind: ``python -m gitops_models.registry.schema [DIRECTORY]``."""

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from gitops_models.registry.documents import KINDS, Document, document_class

_TITLES = {"apiVersion": "API version", "id": "ID", "uri": "URI"}
_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schemas(classes: Mapping[str, type[Document]] | None = None) -> dict[str, dict[str, Any]]:
    """Return file name and schema per kind; layers above pass their own ``classes``."""
    found = {kind: document_class(kind) for kind in KINDS} if classes is None else classes
    return {f"{kind}.schema.json": document_schema(cls) for kind, cls in sorted(found.items())}


def document_schema(cls: type[Document]) -> dict[str, Any]:
    """Return the JSON Schema of one kind, with title, description and examples on every field."""
    generated = cls.model_json_schema(by_alias=True)
    for part in (generated, *generated.get("$defs", {}).values()):
        for name, field in part.get("properties", {}).items():
            field["title"] = _TITLES.get(name) or name.replace("_", " ").capitalize()
    # A file without these two is refused, although both have a value in code.
    required = ["apiVersion", "kind", *(name for name in generated.get("required", ()) if name != "kind")]
    return {"$schema": _DIALECT, "$id": f"urn:gitops-models:v1:{cls.__name__}", **generated, "required": required}


def schema_text(schema: Mapping[str, Any]) -> str:
    """Return the text of a schema file."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def main(arguments: Sequence[str]) -> None:
    """Write every schema into the directory given (``schemas/v1``), the only files this layer ever touches."""
    from pathlib import Path  # noqa: PLC0415 - keeps file access out of the pure part of this module

    directory = Path(arguments[0] if arguments else "schemas/v1")
    directory.mkdir(parents=True, exist_ok=True)
    for name, schema in schemas().items():
        (directory / name).write_text(schema_text(schema), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
