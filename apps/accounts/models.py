"""People who sign in and the clients whose work they may see."""

from __future__ import annotations

import uuid
from datetime import time
from typing import Any, ClassVar

from auditlog.registry import auditlog
from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower
from knox.models import AbstractAuthToken

from apps.accounts.rights import Right, Role, role_has
from apps.accounts.scope import NOBODY, Scope


class Client(models.Model):
    """One of the customer's accounts: an agency's client, or the company itself."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=200)
    time_zone = models.CharField(max_length=60, default="UTC")
    office_start = models.TimeField(default=time(8))
    office_end = models.TimeField(default=time(18))

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(Lower("name"), name="client_name_once")]

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager["User"]):
    """Makes people by e-mail address."""

    def create_user(self, email: str, password: str | None = None, **values: Any) -> User:
        user = self.model(email=self.normalize_email(email).lower(), **values)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **values: Any) -> User:
        """Make an admin who may also open Django's admin; `createsuperuser` calls this."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, role=Role.ADMIN, **values)

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username)


class User(AbstractUser):
    """Someone who signs in by e-mail address."""

    username = None  # type: ignore[assignment]
    email = models.EmailField("e-mail address", unique=True)
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.VIEWER)
    clients = models.ManyToManyField(Client, blank=True, related_name="users")
    all_clients = models.BooleanField(default=False, help_text="sees every client, also those added later")

    objects: ClassVar[UserManager] = UserManager()  # type: ignore[assignment]

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        ordering = ["email"]
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_once")]

    def __str__(self) -> str:
        return self.get_full_name() or self.email

    def may(self, right: Right) -> bool:
        """Tell whether this person's role holds a right."""
        return self.is_active and role_has(self.role, right)

    def scope(self) -> Scope:
        """Give the clients whose rows this person may see."""
        if not self.is_active:
            return NOBODY
        if self.role == Role.ADMIN or self.all_clients:
            return Scope(client_ids=None)
        return Scope(client_ids=frozenset(self.clients.values_list("id", flat=True)))


class ApiKey(AbstractAuthToken):  # type: ignore[misc]
    """What a program reads the API with: a role and a client of its own, whoever made it.

    Only the digest is kept. `client` is empty where it reads every client's work.
    """

    digest = models.CharField(max_length=128, unique=True)
    public_id = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="api_keys")
    name = models.CharField(max_length=80)
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.VIEWER)
    client = models.ForeignKey(Client, null=True, blank=True, on_delete=models.CASCADE, related_name="api_keys")
    created = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["-created"]

    def __str__(self) -> str:
        return f"{self.name} ({self.token_key}…)"

    def __repr__(self) -> str:
        return "***"

    def may(self, right: Right) -> bool:
        """Tell whether the key's role holds a right."""
        return role_has(self.role, right)

    def scope(self) -> Scope:
        """Give the clients whose rows the key may read."""
        return Scope(client_ids=None if self.client_id is None else frozenset({self.client_id}))


auditlog.register(Client)
auditlog.register(ApiKey, exclude_fields=["digest", "last_used_at"])
auditlog.register(User, exclude_fields=["last_login"], mask_fields=["password"], m2m_fields={"clients"})
