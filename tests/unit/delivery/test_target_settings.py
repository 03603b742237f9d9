"""How targets and the engines that serve from them stand in the operator's own file."""

from typing import get_args

import pytest

from gitops_models.delivery.assemble import targets_of
from gitops_models.delivery.config import read_config
from gitops_models.delivery.targets import settings
from gitops_models.delivery.targets.registry import KINDS, engine_of
from gitops_models.errors import GmError
from gitops_models.registry.documents import Part

FILE = """\
apiVersion: gitops-models/v1
kind: Reconciler
urls: [origin.git]
artifacts: {url: remote}
state: state
targets:
  - id: local
    path: srv
"""
LOAD = "http://127.0.0.1:8080/v2/repository/models/{model}/load"


def read(tmp_path, *lines):
    path = tmp_path / "reconciler.yaml"
    path.write_text(FILE + "".join(f"    {line}\n" for line in lines))
    return read_config(path)


def reload_of(tmp_path, text):
    (place,) = read(tmp_path, f"reload: {text}").targets
    return place.reload


def test_files_and_programs_are_those_beside_the_file(tmp_path):
    http = reload_of(tmp_path, f'{{http: {{load: "{LOAD}", token_file: token, ca_file: /etc/ca.pem}}}}').http
    assert (http.token_file, http.ca_file, http.unload) == (f"{tmp_path}/token", "/etc/ca.pem", None)
    assert reload_of(tmp_path, "{signal: {pid_file: run/pid}}").signal.pid_file == f"{tmp_path}/run/pid"
    told = reload_of(tmp_path, '{command: {load: [bin/load, "{path}"], observe: [served, a/b]}}').command
    assert (told.load, told.observe, told.unload) == ((f"{tmp_path}/bin/load", "{path}"), ("served", "a/b"), None)
    (place,) = read(tmp_path).targets
    assert (place.kind, place.reload, place.path) == ("directory", None, f"{tmp_path}/srv")


def test_a_target_of_programs_needs_all_three_of_them(tmp_path):
    words = ["kind: command", 'apply: [bin/deploy, "{path}"]', "observe: [served]"]
    with pytest.raises(GmError) as error:
        read(tmp_path, *words)
    assert error.value.code == "GM-R103"
    (place,) = read(tmp_path, *words, "retire: [bin/stop]").targets
    assert (place.apply[0], place.retire, place.timeout) == (f"{tmp_path}/bin/deploy", (f"{tmp_path}/bin/stop",), 30)
    (target,) = targets_of(read(tmp_path, *words, "retire: [bin/stop]"))
    assert target.id == "local"


@pytest.mark.parametrize(
    "line",
    [
        "kind: triton",
        "kind: 7",
        "kind: command",
        "reload: {}",
        "reload: none",
        f'reload: {{http: {{load: "{LOAD}"}}, signal: {{pid_file: pid}}}}',
        "reload: {signal: {pid_file: pid, name: KILL}}",
        "reload: {signal: {pid_file: --pid}}",
        "reload: {command: {load: []}}",
        'reload: {command: {load: [a, "{secret}"]}}',
        'reload: {command: {load: [a, "{model.x}", "{PATH}"]}, timeout: 0}',
        'reload: {http: {load: "ftp://host/x"}}',
        'reload: {http: {load: "http://user@host/x"}}',
        'reload: {http: {load: "http://host/x#y"}}',
        'reload: {http: {load: "http://host/x y"}}',
        'reload: {http: {load: "http://{model}.example/x"}}',
        'reload: {http: {load: "http://host:0/x"}}',
        'reload: {http: {load: "http://host/{user}"}}',
        'reload: {http: {load: "http://engine.example/load", token_file: token}}',
        f'reload: {{http: {{load: "{LOAD}", token_file: t, observe: {{url: "http://engine.example/"}}}}}}',
        f'reload: {{http: {{load: "{LOAD}", observe: {{url: "http://a/", field: sha256}}}}}}',
    ],
)
def test_settings_that_are_none_are_refused(tmp_path, line):
    with pytest.raises(GmError) as error:
        read(tmp_path, line)
    assert (error.value.code, error.value.exit_status) == ("GM-R103", 2)


def test_a_token_may_go_to_this_machine_and_over_tls(tmp_path):
    for url in (LOAD, "https://engine.example/load", "http://localhost/x", "http://[::1]:8080/x"):
        told = reload_of(tmp_path, f'{{http: {{load: "{url}", token_file: token}}}}')
        assert told.http.load == url


def test_every_way_of_telling_makes_an_engine(tmp_path):
    asked = f'{{http: {{load: "{LOAD}", observe: {{url: "http://127.0.0.1/"}}}}}}'
    for text, answers in ((asked, True), ("{signal: {pid_file: pid}}", False), ("{command: {load: [a]}}", False)):
        assert engine_of(reload_of(tmp_path, text)).answers is answers


def test_the_file_knows_exactly_the_kinds_that_can_be_opened():
    union, *_ = get_args(settings.TargetPlace)
    assert {get_args(one)[0] for one in get_args(union)} == {kind.settings for kind in KINDS.values()}
    assert [name for name, kind in KINDS.items() if name != kind.name] == []


def test_every_field_has_a_meaning_and_an_example_that_is_valid():
    parts = [
        one for one in vars(settings).values() if isinstance(one, type) and issubclass(one, Part) and one is not Part
    ]
    assert len(parts) >= 8
    for part in parts:
        assert part.__doc__
        for name, field in part.model_fields.items():
            assert field.description, f"{part.__name__}.{name}"
            assert field.examples, f"{part.__name__}.{name}"
