"""Connections, their sealed credentials and tokens, and the request budgets they share."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q

from apps.accounts.models import Client, User


class QuotaAccount(models.Model):
    """Whom a system counts requests against: an application or a key, shared by its connections."""

    provider = models.CharField(max_length=40)
    key = models.TextField(help_text="the application or client id that the system counts by")
    elsewhere_at = models.DateTimeField(null=True, help_text="when it was full although our count said otherwise")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["provider", "key"], name="quota_account_once")]

    def __str__(self) -> str:
        return f"{self.provider} {self.key}"


class QuotaWindow(models.Model):
    """What was spent in one stretch of time, in app time.

    A calendar day or month has a row of its own (`slot` is its first date); any other window has one row
    that is reused (`slot` is empty). `recent` counts by part of a window that slides.
    """

    account = models.ForeignKey(QuotaAccount, on_delete=models.CASCADE, related_name="windows")
    name = models.CharField(max_length=40)
    slot = models.CharField(max_length=10, blank=True)
    limit = models.PositiveIntegerField()
    spent = models.PositiveIntegerField(default=0)
    by_purpose = models.JSONField(default=dict)
    recent = models.JSONField(default=dict)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "name", "slot"], name="quota_window_once"),
            models.CheckConstraint(name="quota_window_forward", condition=Q(starts_at__lt=F("ends_at"))),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.slot}: {self.spent}/{self.limit}"


class Spending(models.Model):
    """Requests of one account by hour and purpose: what the budget page shows, for every kind of window."""

    account = models.ForeignKey(QuotaAccount, on_delete=models.CASCADE, related_name="spending")
    hour = models.DateTimeField()
    purpose = models.CharField(max_length=20)
    calls = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "hour", "purpose"], name="spending_once")]

    def __str__(self) -> str:
        return f"{self.hour:%d %H:00} {self.purpose}: {self.calls}"


class Connection(models.Model):
    """One account at one outside system."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    provider = models.CharField(max_length=40)
    name = models.CharField(max_length=120)
    client = models.ForeignKey(Client, null=True, blank=True, on_delete=models.PROTECT, related_name="connections")
    access_mode = models.CharField(max_length=20, blank=True)
    settings = models.JSONField(default=dict, help_text="base_urls and options: plain values, nothing secret")
    quota = models.ForeignKey(QuotaAccount, on_delete=models.PROTECT, related_name="connections")
    remote_account = models.TextField(blank=True)
    remote_name = models.TextField(blank=True)
    paused_at = models.DateTimeField(null=True)
    paused_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    stopped_at = models.DateTimeField(null=True, help_text="no call starts after this is committed")
    stopped_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    shadow_at = models.DateTimeField(null=True, help_text="no write starts after this is committed")
    shadow_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    hook_secret = models.BinaryField(default=bytes)
    hook_secret_previous = models.BinaryField(default=bytes)
    hook_previous_until = models.DateTimeField(null=True)
    backoff_until = models.DateTimeField(null=True)
    backoff_seconds = models.PositiveIntegerField(default=0)
    consecutive_errors = models.PositiveIntegerField(default=0)
    last_success_at = models.DateTimeField(null=True)
    last_read_at = models.DateTimeField(null=True, help_text="the last reading that was answered")
    last_write_at = models.DateTimeField(null=True, help_text="the last change there that was taken")
    health = models.CharField(max_length=10, blank=True, help_text="as last noted in the history")
    last_error_at = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True)
    clock_ahead = models.FloatField(default=0, help_text="seconds that the system's clock is ahead of ours")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "remote_account"],
                name="connection_account_once",
                condition=~Q(remote_account=""),
            ),
            models.CheckConstraint(
                name="connection_previous_secret_ends",
                condition=Q(hook_secret_previous=b"") | Q(hook_previous_until__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Chapter(models.Model):
    """One entry of a connection's history: a change of its health, or what a person did with it.

    A reconnect keeps how many events waited then, and the newest event there was, so that the page can
    say how many of them have landed.
    """

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="chapters")
    word = models.CharField(max_length=20)
    at = models.DateTimeField()
    detail = models.TextField(blank=True)
    by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    waited = models.PositiveIntegerField(default=0)
    dead = models.PositiveIntegerField(default=0, help_text="dead letters that there were before")
    newest_event = models.BigIntegerField(default=0)

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["connection", "-at"], name="chapter_newest")]

    def __str__(self) -> str:
        return f"{self.word} since {self.at:%Y-%m-%d %H:%M}"


class CredentialState(models.TextChoices):
    OK = "ok"
    EXPIRED = "expired"


class Credential(models.Model):
    """What a token is minted from, sealed for its connection. Changed by compare-and-set on `version`."""

    connection = models.OneToOneField(Connection, on_delete=models.CASCADE, related_name="credential")
    sealed = models.BinaryField()
    version = models.PositiveIntegerField(default=1)
    state = models.CharField(max_length=10, choices=CredentialState.choices, default=CredentialState.OK)
    expires_at = models.DateTimeField(null=True)
    changed_at = models.DateTimeField()
    warned = models.PositiveSmallIntegerField(null=True, help_text="days before its end when admins were last told")

    class Meta:
        constraints = [
            models.CheckConstraint(name="credential_sealed", condition=~Q(sealed=b"")),
        ]

    def __str__(self) -> str:
        return "***"

    def __repr__(self) -> str:
        return "***"


class Token(models.Model):
    """The present access token, sealed, minted once whatever the number of workers.

    `minting_until` is real time: it bounds how long one worker may take to mint a new one.
    `rejections` counts tokens minted because the last one got a 401, until a call succeeds.
    """

    connection = models.OneToOneField(Connection, on_delete=models.CASCADE, related_name="token")
    sealed = models.BinaryField(default=bytes)
    version = models.PositiveIntegerField(default=0)
    expires_at = models.DateTimeField(null=True)
    rejections = models.PositiveSmallIntegerField(default=0)
    minting = models.UUIDField(null=True)
    minting_until = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="token_minting_whole",
                condition=Q(minting__isnull=True, minting_until__isnull=True)
                | Q(minting__isnull=False, minting_until__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return "***"

    def __repr__(self) -> str:
        return "***"
