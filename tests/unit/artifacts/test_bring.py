"""One object from a remote, while somebody else brings the same one."""

import hashlib
from threading import Barrier, Thread

from gitops_models.artifacts.bring import bring
from gitops_models.artifacts.content import ContentStore
from gitops_models.artifacts.partial import arriving
from gitops_models.artifacts.readers import LocalReader, object_path
from gitops_models.artifacts.transfer import Expected

DATA = b"weights" * 1000
MD5, SHA256 = hashlib.md5(DATA).hexdigest(), hashlib.sha256(DATA).hexdigest()
EXPECTED = Expected("model.onnx", limit=len(DATA), sha256=SHA256, size=len(DATA))


def remote(root):
    path = root / "remote" / object_path(MD5)
    path.parent.mkdir(parents=True)
    path.write_bytes(DATA)
    return LocalReader(root / "remote")


def test_an_object_that_somebody_else_brings_meanwhile_is_brought_all_the_same(tmp_path):
    content, reader = ContentStore(tmp_path / "content"), remote(tmp_path)
    with arriving(content, MD5):
        assert bring(MD5, EXPECTED, reader, content).sha256 == SHA256
    assert content.path(SHA256).read_bytes() == DATA


def test_several_bring_the_same_object_at_once(tmp_path):
    content, reader = ContentStore(tmp_path / "content"), remote(tmp_path)
    ready, found = Barrier(8), []

    def work():
        ready.wait(60)
        found.append(bring(MD5, EXPECTED, reader, content).sha256)

    threads = [Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [SHA256] * 8
    assert content.path(SHA256).read_bytes() == DATA
