"""An invitation: the message with which somebody chooses their first password."""

from __future__ import annotations

from allauth.account.forms import ResetPasswordForm
from django.http import HttpRequest


class NotSent(ValueError):
    """Nobody active has this address."""


def send_invitation(*, email: str, request: HttpRequest) -> None:
    """Send the link by which they choose a password; it is the one of a forgotten password. Raises NotSent."""
    form = ResetPasswordForm(data={"email": email})
    if not form.is_valid() or not form.users:
        raise NotSent(email)
    form.save(request)
