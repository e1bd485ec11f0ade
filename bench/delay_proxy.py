"""A TCP proxy that makes a link longer: each byte arrives half a round trip later; throughput is not limited.

Run as a program with a port and seconds, it listens on a free port, prints that, and forwards to the given
one of this machine until its standard input closes. Threads and sleep, since a sleep is exact to a tenth of a
millisecond where the timer of an event loop rounds up to whole ones.
"""

import queue
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

HOST = "127.0.0.1"
CHUNK = 1 << 16

Parcel = tuple[float, bytes]  # when it is due (monotonic seconds), and what; no bytes: the end


@contextmanager
def delayed(port: int, round_trip: float) -> Iterator[int]:
    """Run the proxy, in a process of its own, before a port; give its port. `round_trip` is in seconds."""
    command = [sys.executable, __file__, str(port), str(round_trip)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.stdin.close()
            process.wait(timeout=10)


def serve(port: int, round_trip: float) -> None:
    """Listen on a free port, print it, and forward every connection until standard input closes."""
    listener = socket.create_server((HOST, 0))
    print(listener.getsockname()[1], flush=True)
    threading.Thread(target=_accept, args=(listener, port, round_trip), daemon=True).start()
    sys.stdin.read()


def _accept(listener: socket.socket, port: int, round_trip: float) -> None:
    while True:
        client, _ = listener.accept()
        # A handshake over a long link takes a round trip, and this one took none: nothing leaves before.
        earliest = time.monotonic() + round_trip
        server = socket.create_connection((HOST, port))
        for side in (client, server):
            side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        _forward(client, server, round_trip / 2, earliest)
        _forward(server, client, round_trip / 2, earliest)


def _forward(source: socket.socket, sink: socket.socket, delay: float, earliest: float) -> None:
    parcels: queue.SimpleQueue[Parcel] = queue.SimpleQueue()
    threading.Thread(target=_take, args=(source, parcels, delay, earliest), daemon=True).start()
    threading.Thread(target=_give, args=(sink, parcels), daemon=True).start()


def _take(source: socket.socket, parcels: queue.SimpleQueue[Parcel], delay: float, earliest: float) -> None:
    data = b"."
    while data:
        try:
            data = source.recv(CHUNK)
        except OSError:  # reset by the peer: the other side is told the same way as of an ordinary end
            data = b""
        parcels.put((max(time.monotonic(), earliest) + delay, data))


def _give(sink: socket.socket, parcels: queue.SimpleQueue[Parcel]) -> None:
    with suppress(OSError):  # whoever hung up does not want the rest
        while True:
            due, data = parcels.get()
            time.sleep(max(0.0, due - time.monotonic()))
            if not data:
                sink.shutdown(socket.SHUT_WR)
                return
            sink.sendall(data)


if __name__ == "__main__":
    serve(int(sys.argv[1]), float(sys.argv[2]))
