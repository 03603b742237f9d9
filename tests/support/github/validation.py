"""Requests and answers against GitHub's own OpenAPI description (3.0, with ``nullable``)."""

import json
import os
import re
from datetime import datetime
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from jsonschema import Draft4Validator, FormatChecker
from jsonschema.validators import extend

ROOT = Path(__file__).resolve().parents[3]
DOCUMENT = "github-openapi-subset.json"
FORMATS = FormatChecker(())
LABELS = ("post", "/repos/{owner}/{repo}/issues/{issue_number}/labels")
GONE_FORK = re.compile(r"(\d+/)?(pull_request/)?head/repo")  # null when the fork is gone, which the description denies


@FORMATS.checks("date-time", raises=ValueError)
def _date_time(value):
    return not isinstance(value, str) or (value[10:11] == "T" and datetime.fromisoformat(value).tzinfo is not None)


@FORMATS.checks("uri", raises=ValueError)
def _uri(value):
    return not value or not isinstance(value, str) or bool(urlsplit(value).scheme)


def shared_data():
    """The folder of real data beside the repository, or a skip that says where it was looked for."""
    folder = Path(os.environ.get("GM_SHARED_DATA") or ROOT.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip(f"the shared data folder is absent: {folder}")
    return folder


def _plain(schema):
    """A schema of OpenAPI 3.0 in the words of JSON Schema: ``nullable`` becomes an alternative."""
    if isinstance(schema, list):
        return [_plain(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: _plain(value) for key, value in schema.items() if key != "nullable"}
    return {"anyOf": [made, {"type": "null"}]} if schema.get("nullable") is True else made


@cache
def description():
    """The description as JSON Schema, read once per process."""
    return _plain(json.loads((shared_data() / DOCUMENT).read_text()))


@cache
def _resolved(pointer):
    found = description()
    for part in pointer.removeprefix("#/").split("/"):
        found = found[part]
    return found


def _follow(validator, pointer, instance, _schema):
    yield from validator.descend(instance, _resolved(pointer))


Checker = extend(Draft4Validator, {"$ref": _follow})


def _whole(value):
    return _resolved(value["$ref"]) if isinstance(value, dict) and "$ref" in value else value


def _errors(schema, value):
    for error in Checker(schema, format_checker=FORMATS).iter_errors(value):
        deepest = error
        while deepest.context:
            deepest = max(deepest.context, key=lambda inner: len(inner.absolute_path))
        path = "/".join(map(str, error.absolute_path))
        if not (GONE_FORK.fullmatch(path) and error.instance is None):
            yield f"{path or '.'}: {deepest.message[:200]}"


def operation(method, template):
    """The operation of a route, or None where the description has none."""
    return description()["paths"].get(template, {}).get(method.lower())


def request_errors(call):
    """What is wrong with a request: its query, its headers, its body."""
    found = operation(call.route.method, call.route.template)
    if found is None:
        return
    yield from _query_errors(found, call)
    if not call.request.headers.get("User-Agent"):
        yield "header User-Agent: missing"
    body = found.get("requestBody")
    given = call.given
    if body is None and given is not None:
        yield "body: none is documented"
    if body is None or (given is None and not body.get("required")):
        return
    schema = body["content"]["application/json"]["schema"]
    labels = (call.route.method.lower(), call.route.template) == LABELS and isinstance(given, list)
    yield from _errors(schema["oneOf"][0]["properties"]["labels"] if labels else schema, given)
    yield from _unknown(schema, given)


def _unknown(schema, given):
    """Fields that the description does not know: a slip of the client, which GitHub would silently ignore."""
    known = schema.get("properties") or (schema.get("anyOf") or schema.get("oneOf") or [{}])[0].get("properties", {})
    if isinstance(given, dict):
        yield from (f"body/{name}: not documented" for name in given if name not in known)


def _query_errors(found, call):
    parameters = [_whole(each) for each in found.get("parameters", ())]
    known = {each["name"]: each for each in parameters if each["in"] == "query"}
    for name, text in call.query.items():
        if name not in known:
            yield f"query {name}: not documented"
            continue
        yield from (f"query {name}: {error}" for error in _errors(known[name]["schema"], _typed(known[name], text)))
    for each in parameters:
        if each["in"] == "path" and each["schema"].get("type") == "integer" and not call.names[each["name"]].isdigit():
            yield f"path {each['name']}: not a number"


def _typed(parameter, text):
    kind = parameter["schema"].get("type")
    if kind == "integer" and text.lstrip("-").isdigit():
        return int(text)
    return {"true": True, "false": False}.get(text, text) if kind == "boolean" else text


def answer_errors(call, answer):
    """What is wrong with an answer of the fake: its status, its body."""
    found = operation(call.route.method, call.route.template)
    if found is None:
        return
    stated = _whole(found["responses"].get(str(answer.status)))
    if stated is None:
        if answer.status < 400 and answer.status != 304:
            yield f"status {answer.status}: not documented"
        stated = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/basic-error"}}}}
    content = stated.get("content", {}).get("application/json")
    if content and answer.raw is None and answer.status != 304:
        yield from _errors(content["schema"], answer.data)
