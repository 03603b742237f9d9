"""SIGTERM unwinds a block like Ctrl-C, and what handled it before comes back."""

import os
import signal
from threading import Thread

import pytest

from gitops_models.workflows.ending import ended_like_interrupted


def test_a_signal_to_end_unwinds_and_the_former_handler_comes_back():
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt), ended_like_interrupted():
        os.kill(os.getpid(), signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) is before


def test_another_thread_runs_on_and_touches_no_handler():
    before, seen = signal.getsignal(signal.SIGTERM), []

    def run():
        with ended_like_interrupted():
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = Thread(target=run)
    thread.start()
    thread.join()
    assert seen == [before]
