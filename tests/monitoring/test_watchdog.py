"""The web process notices that no worker makes progress, tells of it, and tells when one is back (R17)."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from apps.accounts import services as accounts
from apps.accounts.rights import Role
from apps.demo import processes, stack
from apps.ledger.models import Heartbeat
from apps.monitoring.models import Alert
from tests.engine.conftest import engine_env
from tests.notifications.conftest import Mailbox


def wait(condition: Callable[[], Any], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, list(Alert.objects.values_list("kind", "state", "detail"))
        time.sleep(0.2)


@pytest.mark.django_db(transaction=True)
def test_the_web_tells_of_a_killed_worker_and_that_another_works(mailbox: Mailbox, settings: Any) -> None:
    accounts.create_user(email="ada@people.example", password=None, role=Role.ADMIN, clients=())
    server = f"smtp://{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
    env = {**engine_env(), "SYNCPORTAL_BEAT_SECONDS": "1", "EMAIL_URL": server}
    with stack.running(env=env, workers=1) as running:
        wait(Heartbeat.objects.filter(name="drain").exists)
        running.services["worker"].kill()

        wait(lambda: len(mailbox.taken) == 1)
        assert mailbox.taken[0][1]["Subject"] == "No worker makes progress"
        assert Alert.objects.get().state == "firing"

        another = processes.worker(Q_WORKERS="1", **env)
        another.start()
        running.services["worker"] = another
        wait(lambda: len(mailbox.taken) == 2)
        assert mailbox.taken[1][1]["Subject"] == "Over: no worker makes progress"
        assert Alert.objects.get().state == "resolved"
