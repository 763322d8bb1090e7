"""What gunicorn does besides serving: each of its processes watches whether a worker makes progress."""

from __future__ import annotations


def post_worker_init(worker: object) -> None:
    from apps.monitoring import watchdog

    watchdog.start()
