"""SMTP through the egress guard: to the server that EMAIL_URL names alone, at an address that was checked."""

from __future__ import annotations

import smtplib
import socket
from typing import Any

from django.conf import settings
from django.core.mail.backends import smtp

from apps.providers import egress


class _Guarded(smtplib.SMTP):
    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        if host != settings.EMAIL_HOST:
            raise egress.Forbidden("mail goes to the server of EMAIL_URL alone")
        return egress.dial(host, port, seconds=timeout, internal=settings.SYNCPORTAL_MAIL_INTERNAL)


class _GuardedTls(smtplib.SMTP_SSL, _Guarded):
    """Its own TLS around the guarded socket, with the server's name checked."""


class EmailBackend(smtp.EmailBackend):
    """Django's, over guarded sockets."""

    @property
    def connection_class(self) -> Any:
        return _GuardedTls if self.use_ssl else _Guarded
