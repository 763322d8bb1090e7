"""The office of the notifications' tests: a workspace in Slack's sandbox and a real mail server."""

from tests.notifications.conftest import mailbox, office

__all__ = ["mailbox", "office"]
