"""Seal every stored secret again with the present key."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from apps.connections import services


class Command(BaseCommand):
    help = "Seal every stored secret again with the first key of SYNCPORTAL_KEYS; then the old keys may go."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"Sealed {services.rotate_keys()} rows with the present key.")
