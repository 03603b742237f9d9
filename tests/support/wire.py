"""A line on loopback between a client and a server of a test, on which things go wrong as they do on real ones."""

import contextlib
import ctypes
import socket
import struct
import time
from dataclasses import dataclass, field
from threading import Event, Lock, Thread

REFUSE, RESET, CUT, STALL, REPEAT, CORRUPT, TRICKLE = "refuse", "reset", "cut", "stall", "repeat", "corrupt", "trickle"
DEAD = "dead"  # cut, and from then on nothing goes through


@dataclass
class Wire:
    """Carries bytes to ``port`` of loopback. ``break_`` says what happens to what the server sends."""

    behind: int
    port: int = 0
    fault: str | None = None
    after: int = 0
    times: int = 0
    happened: int = 0
    carried: int = 0
    _sent: int = 0
    _lock: Lock = field(default_factory=Lock)
    _end: Event = field(default_factory=Event)

    def break_(self, fault, *, after=0, times=1 << 30):
        """Have ``fault`` happen once ``after`` bytes of answers were carried, and ``times`` times in all.

        Each time the count begins anew.
        """
        with self._lock:
            self.fault, self.after, self.times, self.happened, self._sent = fault, after, times, 0, 0

    def mend(self):
        """Carry everything from now on."""
        with self._lock:
            self.fault = None

    def until_fault(self, size):
        """How many of the next ``size`` bytes go through before the fault; None when all do."""
        with self._lock:
            self.carried += size
            if self.fault is None or self.happened >= self.times:
                return None
            left = self.after - self._sent
            if size < left:
                self._sent += size
                return None
            self._sent = self.after if self.fault == DEAD else 0
            self.happened += 1
            return max(left, 0)

    def takes_calls(self):
        """Whether a new connection is made."""
        with self._lock:
            if self.fault == DEAD:
                return self.happened == 0
            if self.fault != REFUSE or self.happened >= self.times:
                return True
            self.happened += 1
            return False


@contextlib.contextmanager
def wire_to(port):
    """A wire to ``port`` while the block runs."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        wire = Wire(port, listening.getsockname()[1])
        open_ones = []
        thread = Thread(target=_accept, args=(wire, listening, open_ones), daemon=True)
        thread.start()
        try:
            yield wire
        finally:
            wire._end.set()
            with contextlib.suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)
            for each in open_ones:
                _close(each)
            thread.join()


def _accept(wire, listening, open_ones):
    while not wire._end.is_set():
        try:
            client, _ = listening.accept()
        except OSError:
            return
        if not wire.takes_calls():
            _reset(client)
            continue
        server = socket.create_connection(("127.0.0.1", wire.behind))
        open_ones += [client, server]
        Thread(target=_carry, args=(client, server), daemon=True).start()
        Thread(target=_answer, args=(wire, server, client), daemon=True).start()


def _carry(source, sink):
    with contextlib.suppress(OSError):
        while data := source.recv(1 << 16):
            sink.sendall(data)
    _close(sink)
    _close(source)


def _answer(wire, server, client):
    with contextlib.suppress(OSError):
        while data := server.recv(1 << 16):
            good = wire.until_fault(len(data))
            if good is None:
                client.sendall(data)
            elif not _FAULTS[wire.fault](wire, client, data, good):
                break
    _close(client)
    _close(server)


def _refuse(_wire, client, data, _good):
    client.sendall(data)
    return True


def _reset_after(_wire, client, data, good):
    client.sendall(data[:good])
    _reset(client)
    return False


def _cut(_wire, client, data, good):
    client.sendall(data[:good])
    return False


def _stall(wire, client, data, good):
    client.sendall(data[:good])
    wire._end.wait(60)
    return False


def _repeat(_wire, client, data, good):
    client.sendall(data[:good] + data[max(good - 512, 0) : good] + data[good:])
    return True


def _corrupt(_wire, client, data, good):
    client.sendall(data[:good] + bytes(byte ^ 0x5A for byte in data[good : good + 4]) + data[good + 4 :])
    return True


def _trickle(_wire, client, data, good):
    client.sendall(data[:good])
    for start in range(good, len(data), 4096):
        client.sendall(data[start : start + 4096])
        time.sleep(0.002)  # a slow line is slow: this is the fault itself
    return True


_FAULTS = {
    REFUSE: _refuse,
    RESET: _reset_after,
    CUT: _cut,
    DEAD: _cut,
    STALL: _stall,
    REPEAT: _repeat,
    CORRUPT: _corrupt,
    TRICKLE: _trickle,
}


def _reset(sock):
    """Send RST at once: closing would wait for the thread that reads from it, and end politely."""
    unspecified = struct.pack("@H14x", socket.AF_UNSPEC)
    ctypes.CDLL(None).connect(sock.fileno(), unspecified, len(unspecified))
    _close(sock)


def _close(sock):
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
    with contextlib.suppress(OSError):
        sock.close()
