"""Report who is in an ATS twice, by its local index; nobody is changed by it."""

from __future__ import annotations

import csv
from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand

from apps.candidates import reporting
from apps.candidates.sweep import CAP, by_kind
from apps.core import clock


class Command(BaseCommand):
    help = "Report who is in an ATS twice, as CSV, by its local index, and keep the report for its page."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("connection", type=UUID, help="the connection's id, as its page's address has it")
        parser.add_argument("--cap", type=int, default=CAP, help="the largest block whose people are compared")

    def handle(self, *args: Any, **options: Any) -> None:
        swept = reporting.sweep_ats(connection_id=options["connection"], cap=options["cap"])
        reporting.keep(swept, connection_id=options["connection"], now=clock.now())
        rows = csv.writer(self.stdout)
        rows.writerow(["certain", "score", "id", "name", "other id", "other name", "signs"])
        for pair in swept.pairs:
            rows.writerow(reporting.row(pair))
        self.stderr.write(f"{swept.people} people, {swept.compared} pairs compared, {len(swept.pairs)} to look at.")
        for kind, (count, largest) in by_kind(swept.skipped).items():
            self.stderr.write(f"Skipped: {count} blocks by {kind}, the largest of {largest} people.")
