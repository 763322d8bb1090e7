"""What waits for a later moment is brought due whole: the event and its mailbox, whoever puts it off meanwhile."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import pytest
from django.db import connection as database
from django.db import connections, transaction

from apps.core import clock, errors
from apps.ledger import drain, services
from apps.ledger.models import Event, Mailbox
from apps.ledger.services import NewEvent

pytestmark = pytest.mark.django_db(transaction=True)

TOMORROW = timedelta(days=1)


def somebody_waits_for_a_lock() -> bool:
    with database.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])


def test_what_a_settle_puts_off_while_all_is_brought_due_is_not_left_behind() -> None:
    now = clock.now()
    for mailbox, due_at in (("known to wait", now + TOMORROW), ("put off meanwhile", now)):
        services.append(NewEvent(kind="trial.event", mailbox=mailbox, gate="gate", due_at=due_at), now=now)

    def bring() -> None:
        services.bring_all_due(gate="gate", now=now)
        connections.close_all()

    raised = threading.Thread(target=bring)
    with transaction.atomic():
        boxes = list(Mailbox.objects.select_for_update().order_by("pk"))
        raised.start()
        while not somebody_waits_for_a_lock():
            time.sleep(0.01)
        Event.objects.filter(mailbox=boxes[1]).update(due_at=now + TOMORROW)
        services.refresh_mailboxes([box.pk for box in boxes])
    raised.join()

    assert list(Event.objects.values_list("due_at", flat=True)) == [now, now]
    assert list(Mailbox.objects.values_list("due_at", flat=True)) == [now, now]


def test_what_waits_for_a_day_asks_again_in_a_minute_as_a_limit_may_be_raised_rule_24() -> None:
    now = clock.now()

    put_back = drain.of_error(errors.RateLimited("The day is spent.", until=now + TOMORROW), now=now)

    assert put_back.due_at == now + drain.ASKS_AGAIN
