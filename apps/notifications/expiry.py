"""What a message says of a credential that ends or has ended, and whether that is still so."""

from __future__ import annotations

from uuid import UUID

from apps.connections.models import Credential, CredentialState
from apps.notifications.models import Message
from apps.providers import contract

PREFIX = "credential:"
ENDING, ENDED = "A connection's credential ends", "A connection's credential has ended"
TODO = "An admin opens Connections, this connection, and presses Reconnect"


def cause_of(credential: Credential, days: int) -> str:
    """One telling: of this credential, at this many days before its end (0: it has ended)."""
    return f"{PREFIX}{credential.connection_id}:{credential.version}:{days}"


def tells_of(message: Message) -> bool:
    return message.cause.startswith(PREFIX)


def is_over(message: Message) -> bool:
    """Whether somebody reconnected since the message was made."""
    return tells_of(message) and not message.resend and _credential(message) is None


def line_of(message: Message) -> contract.Line:
    """Which connection, when, what it means, and what to do."""
    credential, days = _credential(message), _parts(message)[2]
    if credential is None:
        return contract.Line("It was reconnected meanwhile; nothing is to be done", ())
    connection = credential.connection
    account = (("Account", connection.remote_name),) if connection.remote_name else ()
    facts = (("Connection", connection.name), *account)
    if not days:
        waits = ("Meanwhile", "Its work waits in order, and nothing is lost")
        return contract.Line(f"{connection.name} has to be reconnected", (*facts, waits, ("To do", TODO)))
    ends = f"{credential.expires_at:%d %b %Y, %H:%M} UTC" if credential.expires_at else "soon"
    when = "1 day" if days == 1 else f"{days} days"
    headline = f"{connection.name} has to be reconnected within {when}"
    return contract.Line(headline, (*facts, ("Ends", ends), ("To do", TODO)))


def _credential(message: Message) -> Credential | None:
    """The credential that the message is about, while what it says of it is so."""
    connection, version, days = _parts(message)
    state = CredentialState.OK if days else CredentialState.EXPIRED
    found = Credential.objects.select_related("connection")
    return found.filter(connection=connection, version=version, state=state).first()


def _parts(message: Message) -> tuple[UUID, int, int]:
    connection, version, days = message.cause.removeprefix(PREFIX).split(":")
    return UUID(connection), int(version), int(days)
