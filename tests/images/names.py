"""A DNS server for one zone, as small as one can be: A records over UDP."""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

A = 1
NO_SUCH_NAME = 3


def question(query: bytes) -> tuple[str, int, int]:
    """The name that is asked for, the type of the record, and where the question ends."""
    labels, at = [], 12
    while length := query[at]:
        labels.append(query[at + 1 : at + 1 + length].decode())
        at += 1 + length
    return ".".join(labels).lower(), struct.unpack_from("!H", query, at + 1)[0], at + 5


def answer(query: bytes, zone: dict[str, str]) -> bytes:
    name, kind, end = question(query)
    known, records = name in zone, b""
    if known and kind == A:
        # A pointer to the name in the question; type, class IN, a lifetime of 1 s, the address.
        records = struct.pack("!HHHIH", 0xC00C, A, 1, 1, 4) + socket.inet_aton(zone[name])
    flags = 0x8580 | (0 if known else NO_SUCH_NAME)
    return query[:2] + struct.pack("!HHHHH", flags, 1, 1 if records else 0, 0, 0) + query[12:end] + records


@contextmanager
def serving(address: str, zone: dict[str, str]) -> Iterator[list[str]]:
    """Serves the zone on port 53 of an address of the loopback; yields the names that were asked for."""
    asked: list[str] = []
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind((address, 53))

    def serve() -> None:
        while True:
            query, client = server.recvfrom(512)
            if not query:
                return
            asked.append(question(query)[0])
            server.sendto(answer(query, zone), client)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield asked
    finally:
        # An empty datagram ends it.
        server.sendto(b"", (address, 53))
        thread.join()
        server.close()
