"""Where a call may go: public addresses only, looked up once, whatever a name says the second time."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from apps.providers import deadlines, egress, transport
from apps.providers.transport import Lost, Request
from tests.providers import raw_server

NOT_PUBLIC = (
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.254", "100.64.0.1", "100.127.255.254", "127.0.0.1", "127.8.8.8",
    "169.254.0.1", "169.254.169.254", "172.16.0.1", "172.31.255.254", "192.0.0.1", "192.0.2.1", "192.168.0.1",
    "192.168.255.254", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.250", "240.0.0.1",
    "255.255.255.255", "::", "::1", "::127.0.0.1", "::ffff:10.0.0.1", "::ffff:127.0.0.1", "::ffff:169.254.169.254",
    "::ffff:8.8.8.8", "64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::a00:1", "2001::1", "2001:0:7f00:1::",
    "2001:db8::1", "2002:7f00:1::", "2002:a00:1::1", "2002:a9fe:a9fe::", "fc00::1", "fd12:3456:789a::1", "fe80::1",
    "fe80::1%eth0", "fec0::1", "ff02::1", "100::1",
)  # fmt: skip
PUBLIC = ("8.8.8.8", "104.18.0.1", "2606:4700::6810:1", "2a00:1450:4001:80b::200e")
WRITTEN_OTHERWISE = ("2130706433", "0x7f000001", "0177.0.0.1", "127.1", "0x7f.1", "017700000001", "10.1", "0xa9fea9fe")
"""This machine, and others that are not public, as the system's own resolver reads them too."""


@pytest.fixture(autouse=True)
def production() -> Iterator[None]:
    egress.allow_loopback(False)
    yield
    egress.allow_loopback(True)


class Answers:
    """A resolver that gives the next of its answers each time, and counts how often it was asked."""

    def __init__(self, *addresses: str) -> None:
        self.left = list(addresses)
        self.asked = 0

    def __call__(self, host: str, port: int, **_: Any) -> list[tuple[Any, ...]]:
        self.asked += 1
        address = self.left.pop(0) if len(self.left) > 1 else self.left[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    with pytest.raises(egress.Forbidden):
        egress.look_up("api.vendor.test", 443, resolver=Answers(address))


@pytest.mark.parametrize("written", WRITTEN_OTHERWISE)
def test_an_address_in_another_spelling_is_the_address_it_stands_for(written: str) -> None:
    with pytest.raises(egress.Forbidden):
        egress.look_up(written, 443)


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_called(address: str) -> None:
    assert egress.look_up("api.vendor.test", 443, resolver=Answers(address)) == (address,)


def test_one_private_address_among_public_ones_refuses_the_name() -> None:
    def both(host: str, port: int, **_: Any) -> list[tuple[Any, ...]]:
        return [(0, 0, 0, "", ("8.8.8.8", port)), (0, 0, 0, "", ("10.0.0.1", port))]

    with pytest.raises(egress.Forbidden):
        egress.look_up("api.vendor.test", 443, resolver=both)


def test_this_machine_is_called_only_where_the_settings_allow_it() -> None:
    with pytest.raises(egress.Forbidden):
        egress.look_up("localhost", 9000)

    egress.allow_loopback(True)

    assert set(egress.look_up("localhost", 9000)) <= {"127.0.0.1", "::1"}
    with pytest.raises(egress.Forbidden):
        egress.look_up("api.vendor.test", 443, resolver=Answers("10.0.0.1"))


def test_a_name_is_looked_up_once_and_what_was_checked_is_dialled() -> None:
    """The second answer would lead elsewhere; nobody asks for it."""
    dialled: list[str] = []

    def answer(client: socket.socket, head: str) -> None:
        dialled.append(client.getsockname()[0])
        client.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}")

    egress.allow_loopback(True)
    answers = Answers("127.0.0.1", "10.0.0.1")
    with raw_server.serve(answer) as (base, _):
        port = base.rpartition(":")[2]
        with httpx.Client(transport=deadlines.transport(answers), trust_env=False) as client:
            assert client.get(f"http://changing.vendor.test:{port}/").status_code == 200
            with pytest.raises(egress.Forbidden):
                client.get(f"http://changing.vendor.test:{port}/")

    assert (answers.asked, dialled) == (2, ["127.0.0.1"])


def test_a_name_that_stands_for_a_private_address_is_refused_before_a_byte_leaves() -> None:
    heard = threading.Event()

    def answer(client: socket.socket, head: str) -> None:
        heard.set()

    with raw_server.serve(answer) as (base, _), pytest.raises(Lost) as lost:
        transport.exchange("test", "things.read", Request("GET", "/"), httpx.URL(base), {}, timeout=5)

    assert (lost.value.cause, lost.value.sent, heard.is_set()) == ("egress", False, False)
