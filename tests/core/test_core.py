"""Time, sealing, and the settings that facts about django-q2 demand."""

from __future__ import annotations

from datetime import UTC, datetime
from math import ceil
from pathlib import Path

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from apps.core import clock, crypto


@given(plain=st.binary(max_size=200), context=st.text(min_size=1, max_size=20))
def test_what_was_sealed_opens_for_its_owner_only(plain: bytes, context: str) -> None:
    blob = crypto.seal(plain, context=context)

    assert crypto.open_sealed(blob, context=context) == plain
    assert plain == b"" or plain not in blob or len(plain) < 4
    with pytest.raises(crypto.Unsealable):
        crypto.open_sealed(blob, context=context + "x")


def test_a_changed_blob_does_not_open() -> None:
    blob = bytearray(crypto.seal(b"token", context="c"))
    blob[-1] ^= 1

    with pytest.raises(crypto.Unsealable):
        crypto.open_sealed(bytes(blob), context="c")


def test_the_stepped_clock_stands_still_until_it_is_moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(clock.STEPPED_BY, str(tmp_path / "now"))
    moment = datetime(2026, 1, 5, 9, tzinfo=UTC)

    clock.step_to(moment)

    assert clock.now() == moment
    assert clock.real_now() > moment


def test_the_cluster_never_runs_a_prefetched_wake_up_twice() -> None:
    cluster = settings.Q_CLUSTER

    prefetched = ceil((cluster["queue_limit"] + cluster["bulk"]) / cluster["workers"])
    assert cluster["retry"] >= cluster["timeout"] * (2 + prefetched)
    assert cluster["save_limit"] == -1
    assert cluster["catch_up"] is False
    assert "pool" not in settings.DATABASES["default"].get("OPTIONS", {})
