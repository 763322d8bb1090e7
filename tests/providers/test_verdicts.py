"""The table of status and operation (RULES 19, 24): one row, one line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from apps.core import errors
from apps.core.errors import AuthExpired, Conflict, NotFound, RateLimited, Rejected, Transient, Unknown
from apps.providers import verdicts
from apps.providers.contract import Call, Purpose
from apps.providers.greenhouse import wire as greenhouse
from apps.providers.linkedin import wire as linkedin

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
PLAIN = verdicts.Verdicts(verdicts.DEFAULT_ROWS)


@pytest.mark.parametrize(
    ("status", "repeatable", "once"),
    [
        (301, Rejected, Rejected),
        (400, Rejected, Rejected),
        (401, AuthExpired, AuthExpired),
        (403, Rejected, Rejected),
        (404, NotFound, NotFound),
        (405, Rejected, Rejected),
        (408, Transient, Unknown),
        (409, Conflict, Conflict),
        (410, NotFound, NotFound),
        (414, Rejected, Rejected),
        (422, Rejected, Rejected),
        (429, RateLimited, RateLimited),
        (500, Transient, Unknown),
        (502, Transient, Unknown),
        (503, Transient, Unknown),
        (504, Transient, Unknown),
        (599, Transient, Unknown),
    ],
)
def test_a_status_has_one_meaning_for_each_kind_of_call(
    status: int, repeatable: type[errors.SyncError], once: type[errors.SyncError]
) -> None:
    assert type(PLAIN.error(call(repeatable=True), status=status)) is repeatable
    assert type(PLAIN.error(call(repeatable=False), status=status)) is once


@pytest.mark.parametrize(
    ("table", "operation", "status", "code", "error", "cause"),
    [
        (greenhouse.DIALECT.table, greenhouse.MOVE, 422, "", Conflict, "stage_changed"),
        (greenhouse.DIALECT.table, greenhouse.REJECT, 422, "", Conflict, "not_in_process"),
        (greenhouse.DIALECT.table, greenhouse.REOPEN, 422, "", Conflict, "not_rejected"),
        (greenhouse.DIALECT.table, greenhouse.CREATE, 422, "", Rejected, "invalid"),
        (greenhouse.DIALECT.table, greenhouse.HIRE, 422, "", Rejected, "invalid"),
        (greenhouse.DIALECT.table, greenhouse.ATTACH, 403, "", Transient, "not_visible_or_forbidden"),
        (linkedin.DIALECT.table, "seats.list", 429, "101", RateLimited, "day_full"),
        (linkedin.DIALECT.table, "seats.list", 429, "102", RateLimited, "infrastructure"),
        (linkedin.DIALECT.table, "seats.list", 429, "", RateLimited, "infrastructure"),
        (linkedin.DIALECT.table, "profiles.set_stages", 422, "0", Rejected, "unknown_stage"),
        (linkedin.DIALECT.table, "profiles.set_stages", 409, "", Conflict, "project_archived"),
    ],
)
def test_a_provider_overrides_by_rows(
    table: verdicts.Verdicts, operation: str, status: int, code: str, error: type[errors.SyncError], cause: str
) -> None:
    found = table.error(Call(operation, Purpose.WRITE, repeatable=True), status=status, code=code)

    assert (type(found), found.cause) == (error, cause)


@pytest.mark.parametrize(
    ("sent", "repeatable", "error"),
    [(False, False, Transient), (False, True, Transient), (True, True, Transient), (True, False, Unknown)],
)
def test_no_answer_is_unknown_only_if_it_was_sent_and_must_not_be_repeated(
    sent: bool, repeatable: bool, error: type[errors.SyncError]
) -> None:
    assert type(verdicts.no_answer(call(repeatable=repeatable), sent=sent, cause="timeout")) is error


@pytest.mark.parametrize(
    ("asked", "until"),
    [
        ("7", NOW + timedelta(seconds=7)),
        ("Tue, 24 Nov 2026 09:05:00 GMT", NOW + timedelta(minutes=5)),
        ("", None),
        ("soon", None),
        ("-3", None),
        ("9" * 40, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(asked: str, until: datetime | None) -> None:
    assert verdicts.retry_after({"retry-after": asked}, now=NOW) == until


@pytest.mark.parametrize(
    ("said", "sent", "shown"),
    [
        ("email_addresses value can't be blank", None, "email_addresses value can't be blank"),
        ("first name Ada is odd", {"first_name": "Ada"}, "first name *** is odd"),
        ("ada@mail.test is taken", None, "*** is taken"),
        ("see https://x.test/in/ada now", None, "see *** now"),
        ("call +49 30 1234567", None, "call ***"),
        ("token abcdefghijklmnopqrstuvwxyz", None, "token ***"),
        ("x " * 300, None, ("x " * 300)[:200]),
    ],
)
def test_a_vendors_sentence_is_told_without_people_in_it(said: str, sent: object, shown: str) -> None:
    assert verdicts.scrub(said, sent) == shown


def call(*, repeatable: bool) -> Call:
    return Call("things.change", Purpose.WRITE, repeatable=repeatable)
