"""The processes of a service by what they are, read from /proc: whom a crash run kills and stops."""

from __future__ import annotations

import os
import signal
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path

ESTABLISHED = "01"


def group_of(leader: int) -> list[int]:
    """The living processes of a group, oldest first."""
    return sorted(pid for pid, _, group in _all() if group == leader)


def children_of(parent: int) -> list[int]:
    return sorted(pid for pid, mother, _ in _all() if mother == parent)


def workers_of(leader: int) -> list[int]:
    """What a qcluster's sentinel started, oldest first: its workers, the monitor, the pusher."""
    return [child for sentinel in children_of(leader) for child in children_of(sentinel)]


def talking_to(port: int, pids: Collection[int], *, own: Collection[int] = ()) -> list[int]:
    """Those of the processes that hold an open connection to a local port, from one of their `own` ports."""
    return [pid for pid in pids if _connections(pid, port, own) & _sockets(pid)]


def kill(pids: Collection[int], number: signal.Signals = signal.SIGKILL) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def _all() -> Iterator[tuple[int, int, int]]:
    """Each living process, its parent and its group."""
    for found in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError):
            state, parent, group = found.read_text().rpartition(")")[2].split()[:3]
            if state != "Z":
                yield int(found.parent.name), int(parent), int(group)


def _connections(pid: int, port: int, own: Collection[int]) -> set[str]:
    """Inodes of the connections to the port that the process can see."""
    with suppress(OSError):
        rows = [line.split() for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]]
        there = [row for row in rows if row[3] == ESTABLISHED and _port(row[2]) == port]
        return {row[9] for row in there if not own or _port(row[1]) in own}
    return set()


def _port(address: str) -> int:
    return int(address.partition(":")[2], 16)


def _sockets(pid: int) -> set[str]:
    found = set()
    with suppress(OSError):
        for entry in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(OSError):
                found.add(entry.readlink().name.removeprefix("socket:[").removesuffix("]"))
    return found
