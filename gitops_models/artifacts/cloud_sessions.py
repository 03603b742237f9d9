"""The connections of DVC's file systems: SSH to known hosts alone; the HTTP session made once, closed when done.

fsspec makes one session per concurrent first call and leaves closing to the garbage collector; when that runs in the
event loop's own thread the session is dropped open, and aiohttp complains on stderr.
"""

import asyncio
import contextlib
from typing import Any

_PATIENCE = 5.0  # seconds for a goodbye


def harden(system: Any, *, ask: bool) -> None:
    """Have SSH believe known hosts alone and lend nobody the agent; without ``ask`` nobody is asked for a password.

    sshfs checks no host key unless it is told to, and DVC forwards the agent. Does nothing for others than SSH.
    """
    if system.protocol != "ssh":
        return
    system.fs_args.update({"known_hosts": (), "agent_forwarding": False})  # (): what ~/.ssh says, as ssh has it
    if not ask:
        from asyncssh import SSHClient  # noqa: PLC0415 - a driver that may not be there

        system.fs_args["client_factory"] = SSHClient


def open_session(system: Any) -> None:
    """Make the session of a DVC file system before anything asks for it at once; nothing for others than HTTP."""
    inner = system.fs
    if _is_web(system) and inner._session is None:  # noqa: SLF001 - as below
        asyncio.run_coroutine_threadsafe(inner.set_session(), inner.loop).result()


def close_session(system: Any) -> None:
    """Close that session, from whatever thread; using the file system again opens a new one."""
    if not _is_web(system):
        return  # to look at the ``fs`` of others is to connect them
    inner = system.fs
    session = inner._session  # noqa: SLF001 - as below
    if session is None:
        return
    inner._session = None  # noqa: SLF001 - fsspec has no public way to close
    with contextlib.suppress(Exception):  # nothing depends on a polite goodbye
        pending = asyncio.run_coroutine_threadsafe(session.close(), inner.loop)
        if not _is_this_threads(inner.loop):
            pending.result(_PATIENCE)


def _is_web(system: Any) -> bool:
    return system.protocol in {"http", "https"}


def _is_this_threads(loop: asyncio.AbstractEventLoop) -> bool:
    try:
        return asyncio.get_running_loop() is loop
    except RuntimeError:
        return False
