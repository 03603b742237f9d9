"""An SFTP server on loopback that serves one folder; the client trusts its key by ``known_hosts``, as people do."""

import asyncio
import contextlib
import os
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread

import asyncssh

USER, PASSWORD = "gm", "of a test"


@dataclass
class Sftp:
    """A running server: its port, and the connections that it has now."""

    folder: Path
    port: int = 0
    key: asyncssh.SSHKey | None = None
    connections: list = field(default_factory=list)
    tried: list = field(default_factory=list)
    opened: list = field(default_factory=list)
    loop: asyncio.AbstractEventLoop | None = None

    @property
    def options(self):
        """What DVC's configuration says beside the address."""
        return {"port": str(self.port), "user": USER, "password": PASSWORD}

    def known_to(self, home, port=None):
        """Have the user of ``home`` trust the server's key."""
        folder = home / ".ssh"
        folder.mkdir(mode=0o700, exist_ok=True)
        public = self.key.export_public_key("openssh").decode().strip()
        with (folder / "known_hosts").open("a") as known:
            known.write(f"[127.0.0.1]:{port or self.port} {public}\n")

    def hang_up(self):
        """Cut every connection."""
        done = asyncio.run_coroutine_threadsafe(self._abort(), self.loop)
        done.result(30)

    async def _abort(self):
        for connection in self.connections:
            connection.abort()
        self.connections.clear()


@contextlib.contextmanager
def serve_sftp(folder):
    """Serve ``folder`` as the root of a file system while the block runs."""
    folder.mkdir(parents=True, exist_ok=True)
    server = Sftp(folder, key=asyncssh.generate_private_key("ssh-ed25519"))
    loop = server.loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever)
    thread.start()
    try:
        listening = asyncio.run_coroutine_threadsafe(_listen(server), loop).result(30)
        server.port = listening.get_port()
        yield server
        asyncio.run_coroutine_threadsafe(_end(server, listening), loop).result(30)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _listen(server):
    class Door(asyncssh.SSHServer):
        def connection_made(self, connection):
            server.connections.append(connection)

        def password_auth_supported(self):
            return True

        def begin_auth(self, username):
            server.tried.append(username)
            return True

        def validate_password(self, username, password):
            return (username, password) == (USER, PASSWORD)

    class Files(asyncssh.SFTPServer):
        def __init__(self, channel):
            super().__init__(channel, chroot=os.fspath(server.folder))

        def open(self, *given):
            """A task that ends with its line closes nothing: what was opened is closed when the server ends."""
            opened = super().open(*given)
            server.opened.append(opened)
            return opened

    return await asyncssh.create_server(Door, "127.0.0.1", 0, server_host_keys=[server.key], sftp_factory=Files)


async def _end(server, listening):
    listening.close()
    await server._abort()
    await listening.wait_closed()
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()
        with contextlib.suppress(BaseException):
            await task
    for file in server.opened:
        file.close()
