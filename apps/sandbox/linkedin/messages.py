"""InMail threads between a seat and a member, as conversationEvents shows them.

Documented: the finder, its parameters, one viewer a call, start inclusive and end exclusive. The fields
of an event are not public; those here are INVENTED.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Message:
    id: str
    thread: str
    seat: str
    member: str
    author: str
    subject: str
    body: str
    created_at: int

    def element(self) -> dict[str, Any]:
        return {
            "id": self.id, "thread": self.thread, "viewer": self.seat, "participant": self.member,
            "author": self.author, "subject": self.subject, "body": self.body, "createdAt": self.created_at,
        }  # fmt: skip


@dataclass
class Mailboxes:
    """Every message of the tenant, oldest first."""

    millis: Callable[[], int]
    messages: list[Message] = field(default_factory=list)

    def write(self, *, seat: str, member: str, author: str, subject: str, body: str) -> Message:
        """One more message in the thread of this seat and this member."""
        thread = next((one.thread for one in self.messages if (one.seat, one.member) == (seat, member)), "")
        threads = len({one.thread for one in self.messages})
        made = Message(
            id=f"ce-{len(self.messages) + 1:06d}",
            thread=thread or f"urn:li:messagingThread:{threads + 1}",
            seat=seat,
            member=member,
            author=author,
            subject=subject,
            body=body,
            created_at=self._next_time(),
        )
        self.messages.append(made)
        return made

    def seen_by(self, seat: str, start: int, end: int, thread: str = "") -> list[Message]:
        """A seat's messages from `start` up to before `end`, in milliseconds."""
        return [
            one
            for one in self.messages
            if one.seat == seat and start <= one.created_at < end and thread in ("", one.thread)
        ]

    def _next_time(self) -> int:
        last = self.messages[-1].created_at if self.messages else 0
        return max(self.millis(), last + 1)
