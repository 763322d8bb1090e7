"""A signed webhook stored durably, beside a bare Django view that makes one INSERT.

Method: gunicorn as the app starts it (two workers of four threads), PostgreSQL with its usual fsync, both on this
machine; no worker runs, so that nothing but receiving is measured. A process of its own sends stage changes, each about
another application, signed and with an id of its own, over eight kept connections. Ten seconds to the bare view, ten to
the receiver, three times in turn, by the same sender; the medians count. Every answer must be 200, and each delivery be
one event, committed before its answer, with the workers' bell rung.
"""

from __future__ import annotations

import argparse
import hashlib
import hmac
import http.client
import itertools
import json
import os
import statistics
import subprocess
import sys
import threading
import time
import uuid
from urllib.parse import urlsplit

from apps.demo import processes, stack

SECONDS = 10
ROUNDS = 3
CONNECTIONS = 8
SECRET = "a-secret-of-the-bench"
AT_LEAST = 0.7
"""Of the bare view's rate (DESIGN.md, Speed)."""


def send(base: str, path: str) -> dict[str, float]:
    """Send for SECONDS over all connections; answers a second, their p50 and p95 in milliseconds, and failures."""
    numbers = itertools.count(int(time.time()) * 1000)
    taken: list[float] = []
    failed: list[int] = []
    end = time.monotonic() + SECONDS

    def one_connection() -> None:
        wire = http.client.HTTPConnection(urlsplit(base).netloc)
        while time.monotonic() < end:
            body = _stage_change(next(numbers))
            headers = {
                "content-type": "application/json",
                "greenhouse-event-id": str(uuid.uuid4()),
                "signature": "sha256 " + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest(),
            }
            began = time.perf_counter()
            wire.request("POST", path, body, headers)
            answer = wire.getresponse()
            answer.read()
            taken.append(time.perf_counter() - began)
            if answer.status != 200:
                failed.append(answer.status)

    threads = [threading.Thread(target=one_connection) for _ in range(CONNECTIONS)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    cuts = statistics.quantiles(taken, n=20)
    return {
        "a_second": round(len(taken) / SECONDS),
        "sent": len(taken),
        "failed": len(failed),
        "p50_ms": round(cuts[9] * 1000, 1),
        "p95_ms": round(cuts[18] * 1000, 1),
    }


def _stage_change(number: int) -> bytes:
    told = {
        "id": number,
        "status": "active",
        "current_stage": {"id": 3003, "name": "Phone Screen"},
        "candidate": {"id": number, "first_name": "Ada", "last_name": "Lund"},
        "jobs": [{"id": 42, "name": "Engineer"}],
    }
    payload = {"action": "candidate_stage_change", "payload": {"application": told}}
    return json.dumps(payload).encode()


def measure() -> dict[str, object]:
    """Both in turn; the medians and their ratio."""
    from django.db import connection as database

    from apps.ledger.models import Event
    from benchmarks.urls import TABLE
    from tests.webhooks.senders import connect

    with database.cursor() as cursor:
        cursor.execute(TABLE)
    path = f"/webhooks/greenhouse/{connect(hook_secret=SECRET).pk}/"
    port = stack.free_port()
    web = processes.web(port, DJANGO_SETTINGS_MODULE="benchmarks.settings")
    web.start()
    try:
        base = f"http://127.0.0.1:{port}"
        while not stack.answers(f"{base}/healthz"):
            time.sleep(0.1)
        bare, ours = [], []
        for _ in range(ROUNDS):
            bare.append(_apart(base, "/bench/bare/"))
            ours.append(_apart(base, path))
    finally:
        web.kill()
    stored = Event.objects.filter(kind="hook.application").count()
    rate = {name: statistics.median(one["a_second"] for one in runs) for name, runs in (("bare", bare), ("ours", ours))}
    return {
        **rate,
        "ratio": round(rate["ours"] / rate["bare"], 2),
        "ours_p50_ms": statistics.median(one["p50_ms"] for one in ours),
        "ours_p95_ms": statistics.median(one["p95_ms"] for one in ours),
        "failed": sum(one["failed"] for one in bare + ours),
        "lost": int(sum(one["sent"] for one in ours) - stored),
    }


def _apart(base: str, path: str) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.receiving", "--send", base, path]
    found: dict[str, float] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return found


def main() -> int:
    """Print the method, then one JSON line; non-zero where an aim is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--send", nargs=2, metavar=("BASE", "PATH"), help="be the sender")
    asked = parser.parse_args()
    if asked.send:
        print(json.dumps(send(*asked.send)))
        return 0
    os.environ.setdefault("LOG_LEVEL", "ERROR")
    print(__doc__)
    with stack.own_database("receiving"):
        figures = measure()
    print(json.dumps(figures))
    return 0 if figures["ratio"] >= AT_LEAST and not figures["failed"] and not figures["lost"] else 1  # type: ignore[operator]


if __name__ == "__main__":
    sys.exit(main())
