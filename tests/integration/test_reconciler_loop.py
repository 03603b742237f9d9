"""``gm reconcile`` as a service: it polls, follows, heals while its remote is away, and stops when asked."""

import signal
import subprocess
import time

import pytest

from gitops_models.errors import Exit
from tests.support.killing import Shop
from tests.support.team import command

PATIENCE = 60  # seconds; what is waited for takes two or three on an idle machine

pytestmark = pytest.mark.slow


@pytest.fixture
def shop(tmp_path):
    made = Shop(tmp_path)
    made.gm("promote", "fraud@1.0.0", "--through", "production", "--merge", "-m", "go live")
    return made


@pytest.fixture
def service(shop):
    words = ("reconcile", "--dir", str(shop.served_root), "--interval", "0.5")
    with subprocess.Popen(command(shop.clone, *words), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        yield process
        if process.poll() is None:
            process.kill()


def until(true, what):
    """Wait for a condition, not for a time."""
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, f"{what} did not happen within {PATIENCE} s"
        time.sleep(0.05)


def serves(shop, version):
    expected = shop.bytes_of(version).read_bytes()
    return lambda: shop.served() == expected


def stop(process, number=signal.SIGTERM):
    process.send_signal(number)
    out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, b"Traceback" in err) == (Exit.OK, False), err.decode()
    return out.decode(), err.decode()


def test_what_lands_meanwhile_is_deployed_and_sigterm_ends_the_loop_cleanly(shop, service):
    until(serves(shop, "1.0.0"), "the first deployment")
    shop.gm("promote", "fraud@1.1.0", "--through", "production", "--merge", "-m", "better")
    until(serves(shop, "1.1.0"), "the deployment of what landed")
    stop(service)
    assert shop.left_over() == []
    # Two stages, two versions: every switch is recorded once, however often the loop went round.
    assert len(shop.git("rev-list", "refs/gm/deployments/local").splitlines()) == 4


def test_while_the_remote_is_away_the_loop_goes_on_healing_and_follows_again_when_it_is_back(shop, service):
    until(serves(shop, "1.0.0"), "the first deployment")
    away = shop.server.rename(shop.now / "away.git")
    current = shop.served_root / "fraud" / "production" / "current"
    file = current / "model.onnx"
    file.chmod(0o644)
    file.write_bytes(b"spoiled")
    until(serves(shop, "1.0.0"), "the healing without a remote")
    assert service.poll() is None
    away.rename(shop.server)
    shop.gm("promote", "fraud@1.1.0", "--through", "production", "--merge", "-m", "better")
    until(serves(shop, "1.1.0"), "the deployment after the remote came back")
    _, said = stop(service, signal.SIGINT)
    assert "GM-S201" in said


def test_a_second_loop_on_the_same_directory_is_told_that_another_one_works(shop, service):
    until(serves(shop, "1.0.0"), "the first deployment")
    words = ("reconcile", "--dir", str(shop.served_root), "--once", "--json")
    done = subprocess.run(command(shop.clone, *words), capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert (done.returncode, "GM-R101" in done.stderr) == (Exit.CONFLICT, True), done.stderr
    stop(service)
