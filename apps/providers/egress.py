"""Which addresses may be dialled: public ones, and this machine's own where the settings allow a sandbox.

The name is looked up once, every answer is checked, and what was checked is what is dialled: a name that
answers differently the next time changes nothing.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Sequence
from typing import Any

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

Resolver = Callable[..., Sequence[tuple[Any, ...]]]

CARRYING = tuple(
    ipaddress.ip_network(one)
    for one in ("::/96", "::ffff:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "2001::/32", "2002::/16", "fec0::/10")
)
"""IPv6 ranges that carry an IPv4 address, or are private by an old rule: a public system needs none of them."""

INTERNAL = tuple(
    ipaddress.ip_network(one)
    for one in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "::1/128", "fc00::/7")
)
"""A company's own network and this machine; never what a cloud tells its machines about themselves (169.254)."""

_policy = {"loopback": False}


class Forbidden(Exception):
    """The name stands for an address that may not be called."""


def allow_loopback(allowed: bool) -> None:
    """Say for this process whether a sandbox on this machine may be called."""
    _policy["loopback"] = allowed


def is_public(text: str) -> bool:
    """Tell whether an address, as a resolver writes it, is one of the public internet."""
    address = _read(text)
    if address is None or not address.is_global or address.is_multicast or address.is_reserved:
        return False
    return address.version == 4 or not any(address in network for network in CARRYING)


def may_dial(text: str) -> bool:
    address = _read(text)
    return is_public(text) or (_policy["loopback"] and address is not None and address.is_loopback)


def is_internal(text: str) -> bool:
    address = _read(text)
    return address is not None and any(address in network for network in INTERNAL)


def look_up(
    host: str, port: int, *, resolver: Resolver = socket.getaddrinfo, internal: bool = False
) -> tuple[str, ...]:
    """The addresses of a host, in the order to try them; `internal` where whoever runs this machine named a host of
    their own network. Raises Forbidden if one of them may not be called, OSError where there is none."""
    found = resolver(host, port, type=socket.SOCK_STREAM)
    addresses = tuple(dict.fromkeys(str(answer[4][0]) for answer in found))
    if not addresses:
        raise OSError("the name has no address")
    if not all(may_dial(one) or (internal and is_internal(one)) for one in addresses):
        raise Forbidden("the name stands for an address that may not be called")
    return addresses


def dial(host: str, port: int, *, seconds: float, internal: bool = False) -> socket.socket:
    """A socket to a host, at the address that was checked. Raises as `look_up` does, and OSError."""
    *others, last = look_up(host, port, internal=internal)
    for address in others:
        try:
            return socket.create_connection((address, port), seconds)
        except OSError:
            continue
    return socket.create_connection((last, port), seconds)


def _read(text: str) -> Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
