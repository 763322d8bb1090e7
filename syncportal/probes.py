"""Probes: the process, the database with its migrations, and the workers' progress."""

from __future__ import annotations

from datetime import timedelta

from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_GET

from apps.core import clock
from apps.ledger import health

FROZEN_AFTER = timedelta(seconds=60)
"""An idle drain beats every 10 s and a busy one every batch; a minute without is no progress."""


@require_GET
def healthz(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


@require_GET
def readyz(request: HttpRequest) -> JsonResponse:
    """A dead worker must not make webhooks bounce, so it does not count here."""
    try:
        executor = MigrationExecutor(connection)
        waiting = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    except OperationalError:
        return JsonResponse({"status": "no database"}, status=503)
    if waiting:
        return JsonResponse({"status": f"{waiting} migrations are not applied"}, status=503)
    return JsonResponse({"status": "ok"})


@require_GET
def worker(request: HttpRequest) -> JsonResponse:
    try:
        last = health.last_progress()
    except OperationalError:
        return JsonResponse({"status": "no database"}, status=503)
    if last is None or clock.real_now() - last > FROZEN_AFTER:
        return JsonResponse({"status": "no progress", "last": last and last.isoformat()}, status=503)
    return JsonResponse({"status": "ok", "last": last.isoformat()})
