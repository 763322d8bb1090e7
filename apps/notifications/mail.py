"""Messages by e-mail, text and HTML, over whatever mail server EMAIL_URL names."""

from __future__ import annotations

import hashlib
import smtplib

from django.core.mail import EmailMultiAlternatives, get_connection
from django.template.loader import render_to_string

from apps.core import errors
from apps.providers import contract, egress

SERVER = "mail"
"""What the mail server is called where it fails."""


def send(address: str, message: contract.Message, *, key: str) -> str:
    """Send one message and return its Message-ID, which is the same whenever it is sent.

    NOT safe to repeat. Raises Transient (nothing was taken), AuthExpired (the server refuses our sign-in, or may not
    be called), Rejected (it refuses the message) or Unknown (it may have taken it).
    """
    mail = _compose(address, message, key=key)
    server = get_connection()
    try:
        server.open()
    except egress.Forbidden:
        raise errors.AuthExpired(
            "EMAIL_URL names a server whose address may not be called; SYNCPORTAL_MAIL_INTERNAL allows one of your own"
            " network.",
            cause="mail_address",
        ) from None
    except smtplib.SMTPAuthenticationError:
        raise errors.AuthExpired("The mail server refuses the sign-in of EMAIL_URL.", cause="mail_auth") from None
    except (OSError, smtplib.SMTPException):
        raise errors.Transient("The mail server does not answer.", cause="mail_server") from None
    try:
        server.send_messages([mail])
    except (smtplib.SMTPRecipientsRefused, smtplib.SMTPResponseException) as refused:
        raise _refusal(refused) from None
    except (OSError, smtplib.SMTPException):
        raise errors.Unknown("The mail server may have taken it; its answer was lost.", cause="mail_server") from None
    finally:
        _close(server)
    return str(mail.extra_headers["Message-ID"])


def _compose(address: str, message: contract.Message, *, key: str) -> EmailMultiAlternatives:
    context = {"message": message}
    subject = message.lines[0].headline if len(message.lines) == 1 else message.title
    if message.title.startswith("Test: ") and len(message.lines) == 1:
        subject = f"Test: {subject}"
    mail = EmailMultiAlternatives(
        subject=" ".join(subject.split())[:200],
        body=render_to_string("notifications/mail.txt", context),
        to=[address],
        headers={"Message-ID": f"<{hashlib.sha256(key.encode()).hexdigest()[:40]}@syncportal>"},
    )
    mail.attach_alternative(render_to_string("notifications/mail.html", context), "text/html")
    return mail


def _refusal(refused: smtplib.SMTPException) -> errors.SyncError:
    """A server's code says whether to come again: 4xx yes, 5xx no (RFC 5321, 4.2.1)."""
    if isinstance(refused, smtplib.SMTPRecipientsRefused):
        codes = [code for code, _ in refused.recipients.values()]
    else:
        codes = [getattr(refused, "smtp_code", 500)]
    if all(400 <= code < 500 for code in codes):
        return errors.Transient(f"The mail server says {codes[0]}: later.", cause="mail_later")
    return errors.Rejected(f"The mail server says {codes[0]}: it does not take this message.", cause="mail_refused")


def _close(server: object) -> None:
    try:
        server.close()  # type: ignore[attr-defined]
    except (OSError, smtplib.SMTPException):
        return
