"""Managers that give a client's rows only to who says whose rows are wanted (rule 30)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Generic, TypeVar

from django.db import models

from apps.accounts.scope import Scope

M = TypeVar("M", bound=models.Model)


class UnscopedAccess(RuntimeError):
    """Rows of client-owned models were asked for without `within(scope)` or `of_everyone()`."""


class ScopedManager(models.Manager[M], Generic[M]):
    """Gives rows by `within(scope)` or `of_everyone()` only.

    Adding rows is free. A related manager (`mapping.candidacies`) starts from a row that was already
    given and stays open; Django's own work (forward keys, deletion, saving) goes by `_base_manager`.
    """

    def __init__(self, client: str = "client") -> None:
        super().__init__()
        self._client = client

    def within(self, scope: Scope) -> models.QuerySet[M]:
        """Give the rows of the scope's clients."""
        if scope.client_ids is None:
            return self.of_everyone()
        return self.of_everyone().filter(**{f"{self._client_path()}__in": scope.client_ids})

    def of_everyone(self) -> models.QuerySet[M]:
        """Give the rows of every client: for the engine, which serves them all."""
        return self.get_queryset() if self._is_related() else super().get_queryset()

    def get_queryset(self) -> models.QuerySet[M]:
        """Refuse, unless this is the manager of a related row."""
        if not self._is_related():
            raise UnscopedAccess(f"{self.model.__name__}: ask within(scope) or of_everyone()")
        return super().get_queryset()

    def none(self) -> models.QuerySet[M]:
        """Give no row, which is nobody's."""
        return super().get_queryset().none()

    def create(self, **values: Any) -> M:
        return super().get_queryset().create(**values) if not self._is_related() else super().create(**values)

    def bulk_create(self, objs: Iterable[M], *args: Any, **kwargs: Any) -> list[M]:
        if self._is_related():
            return super().bulk_create(objs, *args, **kwargs)
        return super().get_queryset().bulk_create(objs, *args, **kwargs)

    def _is_related(self) -> bool:
        return hasattr(self, "instance")

    def _client_path(self) -> str:
        """Read the path from the model's own manager: Django makes related ones without arguments."""
        own = self.model._default_manager
        return own._client if isinstance(own, ScopedManager) else self._client
