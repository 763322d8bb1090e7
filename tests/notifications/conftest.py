"""A client whose people move, a Slack workspace in the sandbox, and a real mail server."""

from __future__ import annotations

import email
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import Message as Mail
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope

from apps.accounts.scope import EVERYONE
from apps.candidates import services as candidates
from apps.connections import services as connections
from apps.connections.models import Connection
from apps.core import clock
from apps.ledger import drain, tasks
from apps.ledger.models import Event
from apps.mappings.models import JobStage, Seat, SeatUser
from apps.notifications import services
from apps.notifications.models import Contact, Rule
from apps.notifications.services import Place, Wish
from tests.portal.factories import World, make_world
from tests.sandbox_process import Sandbox, free_port

TOKEN = "xoxb-sandbox-token"


@dataclass
class Mailbox:
    """What a mail server took; `answer` is what it says to the next messages."""

    taken: list[tuple[list[str], Mail]] = field(default_factory=list)
    answer: str = ""

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:
        if self.answer:
            return self.answer
        assert isinstance(envelope.content, bytes)
        self.taken.append((list(envelope.rcpt_tos), email.message_from_bytes(envelope.content)))
        return "250 OK"


@pytest.fixture
def mailbox(settings: Any) -> Iterator[Mailbox]:
    """An SMTP server that Django sends to."""
    kept = Mailbox()
    server = Controller(kept, hostname="127.0.0.1", port=free_port())
    server.start()
    settings.EMAIL_BACKEND = "apps.notifications.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = server.hostname, server.port
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    yield kept
    server.stop()


@dataclass
class Office:
    """One client's work with a workspace beside it."""

    world: World
    sandbox: Sandbox
    slack: Connection
    moves: int = 0

    def move(self, to: str, *, side: str = "ats", before: str = "") -> None:
        """A person moves the client's candidate."""
        self.moves += 1
        candidates.record_transition(
            candidacy=self.world.candidacy,
            side=side,
            from_value=before,
            to_value=to,
            changed_at=clock.now() + timedelta(microseconds=self.moves),
            event_id=self.world.event.pk,
        )

    def rule(self, *places: tuple[str, str], stages: tuple[str, ...] = ("Offer",), **more: Any) -> Rule:
        wish = Wish(name="Offers", stages=stages, places=tuple(Place(kind=k, where=w) for k, w in places), **more)
        return services.save_rule(scope=EVERYONE, wish=wish, now=clock.now())

    def read(self, channel: str = "hiring") -> list[dict[str, Any]]:
        return list(self.sandbox.act("slack", "read", channel=channel)["messages"])

    def work(self) -> None:
        tasks.sweep()
        drain.drain(until=clock.real_now() + timedelta(seconds=20))

    def work_until(self, condition: Callable[[], bool], seconds: float = 30) -> None:
        end = clock.real_now() + timedelta(seconds=seconds)
        while not condition():
            assert clock.real_now() < end, list(Event.objects.values_list("kind", "state", "detail"))
            self.work()

    def events(self, kind: str = "notify.slack") -> list[Event]:
        return list(Event.objects.filter(kind=kind).order_by("pk"))

    def reset_clock(self, moment: datetime) -> None:
        clock.step_to(moment)


@pytest.fixture
def office(sandbox: Sandbox, transactional_db: None) -> Office:
    """The sweep and the drain commit, as in a worker."""
    services.ensure_default_rules()
    Rule.objects.of_everyone().update(enabled=False)
    world = make_world("Birch")
    Contact.objects.all().delete()
    for number, name in enumerate(("Application Review", "Phone Screen", "Offer")):
        JobStage.objects.create(connection=world.ats, scope="1", remote_id=f"s{number}", name=name, order=number)
    slack = connections.create_connection(
        provider="slack",
        name="Slack",
        now=clock.now(),
        base_urls={"api": f"{sandbox.base}/slack", "auth": f"{sandbox.base}/slack"},
        secret={"bot_token": TOKEN},
    )
    services.read_channels(connection_id=slack.pk, now=clock.now())
    chloe = Seat.objects.create(
        connection=world.linkedin, remote_id="seat-1", name="Chloe Martin", email="chloe@people.example"
    )
    SeatUser.objects.create(seat=chloe, connection=world.ats, remote_id="u1")
    return Office(world, sandbox, slack)
