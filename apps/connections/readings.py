"""The first page of everything that a credential has to read: allowed or refused, permission by permission."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

from apps.core import errors
from apps.providers import contract
from apps.providers.provider import Provider
from apps.providers.sharing import Publishing

OK, WARN, BAD, UNTRIED = "ok", "warn", "bad", "untried"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was tried, what came of it, and what to do where it is wrong."""

    name: str
    label: str
    outcome: str
    said: str
    todo: str = ""


READINGS = {
    "projects": "Read Projects",
    "seats": "Read recruiter seats",
    "closed": "Read who closed their LinkedIn account",
    "jobs": "Read jobs",
    "stages": "Read the stages of a job",
    "users": "Read users",
    "sources": "Read sources",
    "people": "Read people",
    "applications": "Read applications",
    "channels": "Read channels",
}


MAY_BE_NONE = ("closed",)


class Reading:
    """The first pages of what a system holds; `users` are there once they were read."""

    def __init__(
        self, provider: Provider, able: contract.Capabilities, opened: Any, others_jobs: frozenset[str]
    ) -> None:
        self._provider = provider
        self._able = able
        self._opened = opened
        self._others = others_jobs
        self._jobs: tuple[contract.Job, ...] = ()
        self.users: tuple[tuple[str, str], ...] = ()

    def checks(self) -> Iterator[Check]:
        role = self._able.role
        if self._able.publishes:
            yield self._read("closed", lambda: cast(Publishing, self._opened).list_closed())
            yield _written("Tell of candidates, applications, stages and notes")
        elif role == "sourcing":
            yield self._read("projects", lambda: cast(contract.Sourcing, self._opened).list_projects().items)
            yield self._read("seats", lambda: cast(contract.Sourcing, self._opened).list_seats().items)
            yield _written("Move people's stages")
        elif role == "messaging":
            yield self._read("channels", lambda: cast(contract.Messenger, self._opened).list_channels().items)
        else:
            yield from self._ats(cast(contract.Ats, self._opened))

    def _ats(self, ats: contract.Ats) -> Iterator[Check]:
        yield self._read("jobs", lambda: self._keep_jobs(ats))
        if any(job.id in self._others for job in self._jobs):
            yield Check("account", "One connection for each account", BAD, "Another connection knows these jobs.")
        yield self._read("stages", lambda: ats.list_stages([job.id for job in self._jobs[:1]]))
        yield self._read("users", lambda: self._keep_users(ats))
        yield self._read("sources", lambda: ats.list_sources().items)
        people: list[contract.Person] = []
        yield self._read("people", lambda: _collect(people, ats.list_people().items))
        yield self._read("applications", lambda: ats.list_applications().items)
        yield _private(self._provider, people)
        yield _written("Create, attach, move and note")

    def _read(self, name: str, ask: Callable[[], Sequence[Any]]) -> Check:
        connecting = self._provider.connecting
        permission = connecting.permissions.get(name, "")
        try:
            found = len(ask())
        except errors.SyncError as error:
            todo = f"Allow it there: {permission}." if permission else "Allow it there, and try again."
            return Check(name, READINGS[name], BAD, refusal_of(error), todo)
        if not found and name in MAY_BE_NONE:
            return Check(name, READINGS[name], OK, "Allowed, and there is none.")
        if not found:
            return Check(name, READINGS[name], WARN, "Allowed, and nothing is seen.", connecting.empty)
        return Check(name, READINGS[name], OK, f"Allowed: {found} on the first page.")

    def _keep_jobs(self, ats: contract.Ats) -> Sequence[contract.Job]:
        self._jobs = tuple(ats.list_jobs().items)
        return self._jobs

    def _keep_users(self, ats: contract.Ats) -> Sequence[contract.User]:
        found = ats.list_users().items
        self.users = tuple((one.id, one.name) for one in found if one.active)
        return found


def _collect(into: list[contract.Person], found: Sequence[contract.Person]) -> Sequence[contract.Person]:
    into.extend(found)
    return found


def refusal_of(error: errors.SyncError) -> str:
    """A refused call in words; the vendor's own were scrubbed of what was sent."""
    match error:
        case errors.AuthExpired():
            return "Refused: the system does not take this credential."
        case errors.RateLimited():
            return "The system asks to wait, or the day's requests are spent. Try again later."
        case errors.Transient() | errors.Unknown():
            return "The system gave no usable answer. Try again in a minute."
    return f"Refused: {error.detail}."


def _private(provider: Provider, people: Sequence[contract.Person]) -> Check:
    """RULES 20: who is blind to private records would create such people twice."""
    label = "See private candidates and confidential jobs"
    if any(one.private for one in people):
        return Check("private", label, OK, "Private candidates are seen.")
    said = (
        f"None of the {len(people)} people on the first page is private. If there are any, this key cannot see private "
        "candidates or confidential jobs: such people will be created twice."
    )
    return Check("private", label, WARN, said, provider.connecting.private)


def _written(label: str) -> Check:
    said = "Not tried: it would change something there. The first write tells, and a refusal waits as a dead letter."
    return Check("writes", label, UNTRIED, said)
