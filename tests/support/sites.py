"""Sites for the suite of targets: a directory alone, one with programs, and one that `gm serve` answers from."""

import json
import shutil
import urllib.request
from contextlib import contextmanager
from functools import partial
from urllib.error import HTTPError, URLError

from gitops_models.delivery.inference.runtime import load_onnx
from gitops_models.delivery.inference.server import InferenceServer
from gitops_models.delivery.inference.shelf import Shelf
from gitops_models.delivery.resolve import resolve
from gitops_models.delivery.targets.registry import open_target
from gitops_models.delivery.targets.settings import CommandPlace, DirectoryPlace
from gitops_models.delivery.targets.tree import read_tree
from gitops_models.delivery.values import collapse
from gitops_models.errors import GmError
from gitops_models.registry.canonical import tree_digest
from tests.support.delivery import Bytes
from tests.support.target_conformance import BAD, ONE, STAND_IN, TWO, WEIGHTS, digest_of, good_content

ENGINE = """\
#!/bin/sh
# An engine of shell: it copies what it is given, serves it, and refuses what does not look like a model.
here=${0%/*}/engine
[ -d "$here" ] || { echo "the engine is down" >&2; exit 75; }
served="$here/$2.$3"
case $1 in
  apply)
    grep -q no-model "$5/model.onnx" && { echo "cannot parse $4" >&2; exit 1; }
    cp "$5/model.onnx" "$served.new" && chmod 644 "$served.new" && mv "$served.new" "$served.onnx"
    echo "$6" > "$served" ;;
  observe) [ -f "$served" ] && cat "$served"; exit 0 ;;
  retire) rm -f "$served" "$served.onnx" ;;
esac
"""


def bad_content(version):
    """As good ones, but ``BAD`` is no model, whatever its digest says."""
    return {"model.onnx": b"no-model"} if version == BAD else good_content(version)


class DirectorySite:
    """Clients read the files."""

    def __init__(self, root):
        self.root = root / "srv"
        self.target = open_target(self.settings())

    def settings(self):
        return DirectoryPlace(id="local", path=str(self.root))

    content = staticmethod(good_content)

    def source(self):
        """The bytes of ``BAD`` are not those of its lineage: nothing else can be wrong with files."""
        return Bytes({version: bad_content(version) for version in (*WEIGHTS, BAD)})

    def answers(self, model="fraud"):
        try:
            live = resolve(self.root / model / "production")
        except GmError as error:
            if error.code != "GM-R401":
                raise
            return None
        return tree_digest(collapse(read_tree(live)))

    def meddle(self):
        file = resolve(self.root / "fraud" / "production") / "model.onnx"
        file.chmod(0o644)
        file.write_bytes(b"poison")

    def restart(self):
        for folder in (path for path in self.root.rglob("*") if path.is_dir() and not path.is_symlink()):
            folder.chmod(0o755)
        shutil.rmtree(self.root)

    @contextmanager
    def down(self):
        away = self.root.with_name("away")
        self.root.rename(away)
        self.root.write_bytes(b"")  # a mount that is not there
        yield
        self.root.unlink()
        away.rename(self.root)


class CommandSite(DirectorySite):
    """Programs of the operator's deploy; clients ask the engine."""

    def __init__(self, root):
        self.engine = root / "engine"
        self.engine.mkdir()
        self.program = root / "engine.sh"
        self.program.write_text(ENGINE)
        self.program.chmod(0o755)
        super().__init__(root)

    def settings(self):
        words = {
            "apply": (str(self.program), "apply", "{model}", "{stage}", "{version}", "{path}", "{sha256}"),
            "observe": (str(self.program), "observe", "{model}", "{stage}"),
            "retire": (str(self.program), "retire", "{model}", "{stage}"),
        }
        return CommandPlace(id="local", kind="command", path=str(self.root), **words)

    content = staticmethod(bad_content)

    def answers(self, model="fraud"):
        file = self.engine / f"{model}.production.onnx"
        if not file.exists():
            return None
        found = {good_content(version)["model.onnx"]: digest_of(version) for version in (ONE, TWO, STAND_IN)}
        return found[file.read_bytes()]

    def meddle(self):
        (self.engine / "fraud.production").write_text(digest_of(TWO) + "\n")
        (self.engine / "fraud.production.onnx").write_bytes(good_content(TWO)["model.onnx"])

    def restart(self):
        shutil.rmtree(self.engine)
        self.engine.mkdir()

    @contextmanager
    def down(self):
        away = self.engine.with_name("away")
        self.engine.rename(away)
        yield
        away.rename(self.engine)


class ServeSite(DirectorySite):
    """`gm serve` answers from the directory, told by HTTP and asked what it serves."""

    def __init__(self, root):
        self.root = root / "srv"
        self.port = 0
        self.server = None
        self._running = None
        self.start()
        super().__init__(root)

    content = staticmethod(bad_content)

    def start(self):
        shelf = Shelf(self.root, "production", partial(load_onnx))
        self.server = InferenceServer("127.0.0.1", self.port, shelf)
        self.port = self.server.server_address[1]
        self._running = self.server.in_background()
        self._running.__enter__()

    def stop(self):
        self._running.__exit__(None, None, None)
        self.server.server_close()

    def settings(self):
        base = f"http://127.0.0.1:{self.port}/v2"
        told = {
            "load": f"{base}/repository/models/{{model}}/load",
            "unload": f"{base}/repository/models/{{model}}/unload",
            "observe": {"url": f"{base}/models/{{model}}"},
        }
        return DirectoryPlace.model_validate({"id": "local", "path": str(self.root), "reload": {"http": told}})

    def ask(self, path, body=None):
        """The answer to one request, ``None`` where there is no such thing."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/v2{path}", data=data)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.loads(answer.read())
        except HTTPError as error:
            with error:
                if error.code != 404:
                    raise AssertionError(error.read()) from error
            return None
        except URLError:
            return None

    def answers(self, model="fraud"):
        asked = {"name": "features", "shape": [1, 2], "datatype": "FP32", "data": [10, 1]}
        found = self.ask(f"/models/{model}/infer", {"inputs": [asked]})
        if found is None:
            return None
        (score,) = found["outputs"][0]["data"]
        scores = {first * 10 + second: version for version, (first, second) in WEIGHTS.items()}
        assert found["parameters"]["sha256"] == digest_of(scores[score])
        return digest_of(scores[score])

    def meddle(self):
        place = self.root / "fraud" / "production"
        before = (place / "current").readlink()
        for link in (f"store/{digest_of(TWO)}", before):
            (place / "current").unlink()
            (place / "current").symlink_to(link)
            if link != before:
                self.ask("/repository/models/fraud/load", {})

    def restart(self):
        self.stop()
        self.start()

    @contextmanager
    def down(self):
        self.stop()
        yield
        self.start()
