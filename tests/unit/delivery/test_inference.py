"""The words of the protocol, the models on the shelf, and the server, on real ONNX models."""

import http.client
import json
import os
import socket
import sys
import threading

import pytest

from gitops_models.delivery.inference import server as serving
from gitops_models.delivery.inference.protocol import parse_request
from gitops_models.delivery.inference.routes import answer, failure
from gitops_models.delivery.inference.runtime import load_onnx, need_runtime
from gitops_models.delivery.inference.server import InferenceServer, is_local
from gitops_models.delivery.inference.shelf import Shelf
from gitops_models.delivery.targets.directory import DirectoryTarget
from gitops_models.delivery.values import ModelStage
from gitops_models.errors import GmError
from tests.support import models as onnx
from tests.support.delivery import Bytes, deployment, desired, settle
from tests.support.refusals import refused

AT = ModelStage("fraud", "production")
ASKED = {"name": "features", "shape": [1, 2], "datatype": "FP32", "data": [10, 1]}
CONTENT = {
    "1.0.0": {"model.onnx": onnx.linear_onnx((1.0, 0.0))},
    "1.1.0": {"model.onnx": onnx.linear_onnx((0.0, 1.0))},
    "1.2.0": {"model.onnx": b"no model"},
    "1.3.0": {"readme.txt": b"nothing here"},
    "1.4.0": {"a.onnx": onnx.linear_onnx(), "b.onnx": onnx.linear_onnx()},
    "1.5.0": {"a.onnx": onnx.linear_onnx((0.0, 2.0)), "labels.txt": b"x"},
}


def version(name):
    return deployment(name, CONTENT[name])


@pytest.fixture
def target(tmp_path):
    return DirectoryTarget(tmp_path / "srv")


@pytest.fixture
def shelf(target):
    return Shelf(target.root, "production", load_onnx)


def switch(target, name):
    settle(target, desired(version(name)), Bytes(CONTENT))


def post(shelf, path, value):
    return answer(shelf, "POST", f"/v2/{path}", json.dumps(value).encode()).body


def score(shelf, model="fraud"):
    return post(shelf, f"models/{model}/infer", {"inputs": [ASKED]})["outputs"][0]["data"]


def request(**changes):
    return json.dumps({"inputs": [{**ASKED, **changes}]}).encode()


def test_a_request_is_read_with_its_values_in_order():
    nested = request(shape=[2, 2], data=[[1, 2], [3, 4.5]])
    (tensor,) = parse_request(nested).inputs
    assert (tensor.shape, tensor.data) == ((2, 2), (1, 2, 3, 4.5))
    whole = parse_request(json.dumps({"id": "a", "inputs": [ASKED], "outputs": [{"name": "score"}]}).encode())
    assert (whole.id, whole.outputs, whole.inputs[0].data) == ("a", ("score",), (10, 1))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b"\xff",
        b"[" * 100_000,
        b'{"inputs": [], "inputs": []}',
        b'{"inputs": {}}',
        b'{"inputs": [1]}',
        b'{"inputs": [], "outputs": [{}]}',
        b'{"inputs": [], "outputs": [{"name": "a"}, {"name": "a"}]}',
        b'{"inputs": [], "id": 7}',
        json.dumps({"inputs": [ASKED] * 2}).encode(),
        json.dumps({"inputs": [ASKED] * 300}).encode(),
        request(name=""),
        request(name="x" * 300),
        request(datatype="FP8"),
        request(datatype=None),
        request(shape=None),
        request(shape=[1, -2]),
        request(shape=[1, 2.0]),
        request(shape=[1, True]),
        request(shape=[1, 3]),
        request(shape=[10**400, 10**400]),
        request(shape=[1] * 17),
        request(data=None),
        request(data=[[[1, 2]]]),
        request(data=["1", "2"]),
        request(data=[True, False]),
        request(data=[float("nan"), 1]),
        request(data=[1, None]),
        request(datatype="INT64", data=[1.5, 2]),
        request(datatype="BOOL", data=[0, 1]),
        request(datatype="BYTES", data=[0, 1]),
    ],
)
def test_a_request_that_is_none_is_refused(body):
    refused("GM-R334", parse_request, body)


def test_an_answer_names_the_version_and_the_digest_that_gave_it(target, shelf):
    switch(target, "1.0.0")
    shelf.refresh()
    said = post(shelf, "models/fraud/infer", {"id": "7", "inputs": [ASKED], "outputs": [{"name": "score"}]})
    assert said == {
        "model_name": "fraud",
        "model_version": "1.0.0",
        "id": "7",
        "parameters": {"version": "1.0.0", "sha256": version("1.0.0").digest},
        "outputs": [{"name": "score", "datatype": "FP32", "shape": [1, 1], "data": [10.0]}],
    }
    told = answer(shelf, "GET", "/v2/models/fraud", b"").body
    assert told["parameters"] == {**said["parameters"], "stage": "production"}
    assert (told["versions"], told["inputs"][0]["shape"]) == (["1.0.0"], [-1, 2])
    for path in ("models/fraud/ready", "models/fraud/versions/1.0.0/ready", "health/live", "health/ready", ""):
        assert answer(shelf, "GET", f"/v2/{path}", b"").status == 200


@pytest.mark.parametrize(
    "change",
    [
        {"name": "other"},
        {"shape": [2], "data": [1, 2]},
        {"shape": [1, 3], "data": [1, 2, 3]},
        {"datatype": "FP64"},
        {"data": [1e300, 1]},
        {"data": [10**400, 1]},
    ],
)
def test_inputs_that_do_not_fit_the_model_are_refused(target, shelf, change):
    switch(target, "1.0.0")
    shelf.refresh()
    unknown = {"inputs": [ASKED], "outputs": [{"name": "other"}]}
    for asked in ({"inputs": [{**ASKED, **change}]}, {"inputs": []}, unknown):
        reply = answer(shelf, "POST", "/v2/models/fraud/infer", json.dumps(asked).encode())
        assert (reply.status, reply.body["error"][:8]) == (400, "GM-R334:")
        assert reply.body["parameters"] == {"version": "1.0.0", "sha256": version("1.0.0").digest}


def test_an_answer_that_json_cannot_say_and_a_model_that_fails_are_errors():
    model = load_onnx(onnx.linear_onnx((3e38, 3e38)), "/")
    large = parse_request(request(data=[3, 3]))
    assert "no number" in refused("GM-R335", model.run, large).message
    broken = load_onnx(odd_reshape(), "/")
    assert refused("GM-R335", broken.run, parse_request(request(name="x", shape=[3], data=[1, 2, 3])))


def odd_reshape():
    """A model that adds vectors of two lengths: it loads, and fails on every input but of one length."""
    ends = [onnx.value_info("x", ["n"])], [onnx.value_info("y", ["m"])]
    return onnx.model(onnx.graph([onnx.node("Add", ["x", "w"], ["y"])], *ends, [onnx.tensor("w", [2], [1, 2])]))


def test_other_types_than_floats_come_back_as_they_went():
    for dtype, name, data in ((onnx.INT64, "INT64", [2**62, -1]), (9, "BOOL", [True, False]), (8, "BYTES", ["ä", ""])):
        ends = [onnx.value_info("x", ["n"], dtype)], [onnx.value_info("y", ["n"], dtype)]
        model = load_onnx(onnx.model(onnx.graph([onnx.node("Identity", ["x"], ["y"])], *ends)), "/")
        (found,) = model.run(parse_request(request(name="x", datatype=name, shape=[2], data=data)))
        assert (found.datatype, list(found.data)) == (name, data)


def test_weights_beside_the_model_are_read_from_its_own_folder_only(tmp_path):
    (tmp_path / "v").mkdir()
    for folder in (tmp_path, tmp_path / "v"):
        (folder / "weights").write_bytes(b"\0\0\x80\x3f" * 2)

    def outside(place):
        where = b"".join(onnx.blob(13, onnx.blob(1, key) + onnx.blob(2, value)) for key, value in place.items())
        dims = onnx.number(1, 2) + onnx.number(2, onnx.FLOAT) + onnx.blob(8, "w")
        ends = [onnx.value_info("x", [2])], [onnx.value_info("y", [2])]
        return onnx.model(onnx.graph([onnx.node("Add", ["x", "w"], ["y"])], *ends, [dims + where + onnx.number(14, 1)]))

    inside = load_onnx(outside({"location": "weights"}), tmp_path / "v")
    (found,) = inside.run(parse_request(request(name="x", shape=[2], data=[1, 2])))
    assert found.data == (2.0, 3.0)
    refused("GM-R332", load_onnx, outside({"location": "../weights"}), tmp_path / "v")


def test_what_is_no_tensor_is_not_served():
    sequence = onnx.blob(1, "x") + onnx.blob(2, onnx.blob(4, onnx.blob(1, onnx.blob(1, onnx.number(1, 1)))))
    ends = [sequence], [onnx.value_info("y", [1], onnx.INT64)]
    data = onnx.model(onnx.graph([onnx.node("SequenceLength", ["x"], ["y"])], *ends))
    refused("GM-R332", load_onnx, data, "/")


@pytest.mark.parametrize("name", ["1.2.0", "1.3.0", "1.4.0"])
def test_a_version_that_cannot_be_loaded_leaves_the_old_one_and_the_index_says_why(target, shelf, name):
    switch(target, "1.0.0")
    shelf.refresh()
    switch(target, name)
    ((_, error),) = shelf.refresh()
    assert (error.code, score(shelf), shelf.refresh()) == ("GM-R332", [10.0], ())
    (line,) = answer(shelf, "POST", "/v2/repository/index", b"").body
    assert (line["version"], line["state"], line["reason"][:8]) == ("1.0.0", "READY", "GM-R332:")
    switch(target, "1.5.0")  # the only ONNX file there is, whatever it is called
    shelf.refresh()
    assert (score(shelf), shelf.index()[0].problem) == ([2.0], None)


def test_what_could_not_be_loaded_at_first_is_listed_and_not_found(target, shelf):
    switch(target, "1.2.0")
    shelf.refresh()
    (line,) = answer(shelf, "POST", "/v2/repository/index", b"").body
    assert (line["state"], line["name"]) == ("UNAVAILABLE", "fraud")
    assert failure(refused("GM-R333", shelf.get, "fraud")).status == 404


def test_bytes_that_are_not_those_of_the_entry_are_not_loaded(target, shelf):
    switch(target, "1.0.0")
    file = target.place_of(AT) / "model.onnx"
    file.chmod(0o644)
    file.write_bytes(onnx.linear_onnx((9.0, 9.0)))
    assert "not those of the version" in refused("GM-R332", shelf.load, "fraud").message


def test_bytes_that_change_while_they_are_read_are_not_loaded(target):
    switch(target, "1.0.0")
    file = target.place_of(AT) / "model.onnx"
    loaded = []
    shelf = Shelf(target.root, "production", lambda data, folder: loaded.append((data, folder)))
    read = type(file).read_bytes

    def meddling(path):
        path.chmod(0o644)
        path.write_bytes(b"poison")
        return read(path)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(file), "read_bytes", meddling)
        assert "changed while" in refused("GM-R332", shelf.load, "fraud").message
    assert loaded == []


def test_a_file_that_cannot_be_read_is_no_model(target, shelf):
    switch(target, "1.0.0")
    live = target.place_of(AT)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "open", lambda *_, **__: (_ for _ in ()).throw(OSError(5, "Input/output error")))
        assert "Input/output error" in refused("GM-R332", shelf.load, "fraud").message
    assert live.is_dir()


def test_loading_takes_the_digest_that_was_told_and_no_other(target, shelf):
    switch(target, "1.0.0")
    other = version("1.1.0").digest
    refused("GM-R332", post, shelf, "repository/models/fraud/load", {"parameters": {"sha256": other}})
    told = {"version": "2026-11", "sha256": version("1.0.0").digest}
    said = post(shelf, "repository/models/fraud/load", {"parameters": told})
    assert said == {"name": "fraud", "version": "2026-11", "sha256": told["sha256"]}
    assert answer(shelf, "POST", "/v2/repository/models/fraud/load", b"").body["version"] == "1.0.0"
    assert answer(shelf, "POST", "/v2/repository/models/fraud/unload", b"").body == {"name": "fraud"}
    assert shelf.refresh() == ()  # asked for: the link has not moved since
    for path in ("models/fraud", "models/fraud/ready"):
        refused("GM-R333", answer, shelf, "GET", f"/v2/{path}", b"")
    refused("GM-R333", answer, shelf, "POST", "/v2/repository/models/fraud/unload", b"")


@pytest.mark.parametrize(
    "told",
    [[], {"parameters": []}, {"parameters": {"version": 1}}, {"parameters": {"sha256": "x"}}, {"parameters": None}],
)
def test_words_of_loading_that_are_none_are_refused(target, shelf, told):
    switch(target, "1.0.0")
    refused("GM-R334", post, shelf, "repository/models/fraud/load", told)
    refused("GM-R333", shelf.get, "fraud")


@pytest.mark.parametrize("name", ["..", "%2e%2e", "a%2fb", "-x", "", "%00", "fraud.lock", "nobody"])
def test_a_name_that_is_none_reaches_no_file(target, shelf, name):
    switch(target, "1.0.0")
    code = "GM-R401" if name == "nobody" else "GM-R333"
    refused(code, answer, shelf, "POST", f"/v2/repository/models/{name}/load", b"")


def test_only_the_live_version_answers_and_other_addresses_are_none(target, shelf):
    switch(target, "1.0.0")
    shelf.refresh()
    assert post(shelf, "models/fraud/versions/1.0.0/infer", {"inputs": [ASKED]})["model_version"] == "1.0.0"
    refused("GM-R333", post, shelf, "models/fraud/versions/1.1.0/infer", {"inputs": [ASKED]})
    for method, path in (
        ("GET", "/"),
        ("GET", "/v2/models"),
        ("POST", "/v2/models/fraud"),
        ("GET", "/v3/models/fraud"),
    ):
        assert answer(shelf, method, path, b"").status == 404


def test_it_follows_each_switch_and_stop_and_takes_up_a_name_that_comes_late(target, shelf):
    assert shelf.refresh() == ()
    switch(target, "1.0.0")
    note = target.root / "fraud/production/deployed.json"
    kept = note.read_bytes()
    for nonsense in (b"{", b"[]", b'{"sha256": 1}', b"[" * 9000):
        note.write_bytes(nonsense)
        shelf.unload("fraud") if shelf.index() else None
        assert shelf.load("fraud").version == version("1.0.0").digest[:12]
    note.write_bytes(kept)
    assert (shelf.refresh(), shelf.get("fraud").version) == ((), "1.0.0")
    switch(target, "1.1.0")
    ((name, found),) = shelf.refresh()
    assert (name, found.version, score(shelf)) == ("fraud", "1.1.0", [1.0])
    settle(target, desired(None, at=AT))
    assert (shelf.refresh(), shelf.index()) == ((("fraud", None),), ())


def test_without_onnxruntime_it_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    error = refused("GM-R330", need_runtime)
    assert (error.exit_status, "gitops-models[serve]" in error.hint) == (6, True)


@pytest.fixture
def server(target, shelf):
    switch(target, "1.0.0")
    shelf.refresh()
    with InferenceServer("127.0.0.1", 0, shelf) as made, made.in_background():
        yield made


def ask(server, method, path, body=None, headers=None, *, host=None):
    line = http.client.HTTPConnection("127.0.0.1", server.server_address[1], timeout=10)
    try:
        line.putrequest(method, path, skip_host=True)
        line.putheader("Host", host or f"127.0.0.1:{server.server_address[1]}")
        for name, value in (headers or {}).items():
            line.putheader(name, value)
        line.endheaders(body)
        reply = line.getresponse()
        return reply.status, json.loads(reply.read() or b"null"), reply.getheader("Connection")
    finally:
        line.close()


def test_a_connection_is_kept_and_refusals_have_their_status(server):
    line = http.client.HTTPConnection("127.0.0.1", server.server_address[1], timeout=10)
    expected = [(request(), 200), (b"{", 400), (request(), 200)]
    for body, status in expected:
        line.request("POST", "/v2/models/fraud/infer", body)
        with line.getresponse() as reply:
            assert (reply.status, reply.getheader("Connection")) == (status, None)
            reply.read()
    line.request("GET", "/v2/models/nobody")
    with line.getresponse() as reply:
        assert (reply.status, json.loads(reply.read())) == (404, {"error": "GM-R333: nobody is not served"})
    line.close()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Length": str(serving.MOST_BODY + 1)}, 413),
        ({"Content-Length": "9" * 5000}, 413),
        ({"Content-Length": "-1"}, 411),
        ({"Content-Length": "x"}, 411),
        ({"Transfer-Encoding": "chunked"}, 411),
    ],
)
def test_a_body_of_no_or_too_great_length_is_not_read(server, headers, status):
    found = ask(server, "POST", "/v2/models/fraud/infer", None, headers)
    assert (found[0], found[2]) == (status, "close")


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:80", "10.0.0.1", "[2001:db8::1]:80", "", "127.0.0.1.nip.io"]
)
def test_a_name_that_was_resolved_to_this_machine_is_not_answered(server, host):
    assert ask(server, "GET", "/v2", host=host or " ")[0] == 403
    assert [ask(server, "GET", "/v2", host=good)[0] for good in ("localhost", "127.0.0.2:1", "[::1]:1")] == [200] * 3


def test_a_web_page_is_not_answered(server):
    assert ask(server, "POST", "/v2/repository/models/fraud/unload", None, {"Origin": "https://evil.example"})[0] == 403
    assert ask(server, "GET", "/v2/models/fraud")[0] == 200


def test_a_client_that_sends_half_or_nothing_is_left_after_its_time(server, monkeypatch):
    monkeypatch.setattr(serving, "_REQUEST_SECONDS", 0.2)
    monkeypatch.setattr(serving, "_IDLE_SECONDS", 0.2)
    for start in (b"", b"GET /v2 HT", b"POST /v2 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{"):
        with socket.create_connection(server.server_address[:2], timeout=10) as client:
            client.sendall(start)
            assert client.recv(100) == b""
    with socket.create_connection(server.server_address[:2], timeout=10) as client:
        client.sendall(b"POST /v2 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{")
        client.shutdown(socket.SHUT_WR)
        assert client.recv(100) == b""
    assert ask(server, "GET", "/v2")[0] == 200


def test_more_clients_than_it_has_room_for_are_turned_away(server):
    server.room = threading.BoundedSemaphore(1)
    with socket.create_connection(server.server_address[:2], timeout=10) as first:
        first.sendall(b"GET /v2 HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert b"200 OK" in first.recv(100)
        with socket.create_connection(server.server_address[:2], timeout=10) as second:
            assert b"503" in second.recv(100)
        first.sendall(b"GET /v2 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        while first.recv(4096):
            pass


def test_where_it_listens_is_said_and_a_place_that_is_taken_refused(server, shelf):
    port = server.server_address[1]
    assert (server.url, server.local) == (f"http://127.0.0.1:{port}", True)
    assert refused("GM-R331", InferenceServer, "127.0.0.1", port, shelf).exit_status == 9
    refused("GM-R331", InferenceServer, "192.0.2.1", 0, shelf)
    refused("GM-R331", InferenceServer, "127.0.0.1", 70000, shelf)
    with InferenceServer("0.0.0.0", 0, shelf) as everywhere:
        assert not everywhere.local
    assert [is_local(host) for host in ("localhost", "::1", "0.0.0.0", "example.org")] == [True, True, False, False]
    try:
        with InferenceServer("::1", 0, shelf) as six:
            assert six.url.startswith("http://[::1]:")
    except GmError as error:
        assert error.code == "GM-R331"  # noqa: PT017 - a machine without IPv6
