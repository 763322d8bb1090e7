"""Lever against the sandbox: the contract suite, and each answer that Lever has a row of its own for."""

from __future__ import annotations

import dataclasses

import pytest

from apps.core import errors
from apps.providers.contract import ApplicationStatus, NewApplication
from tests.providers import bench as benches
from tests.providers.ats_suite import AtsSuite
from tests.providers.lever_bench import IDA, LeverBench, apply, bench
from tests.sandbox_process import Sandbox

__all__ = ["bench"]

UNKNOWN = "00000000-0000-4000-8000-000000000000"


class TestLever(AtsSuite):
    """The contract suite."""


# --- answers that the common table does not know, each met for real


@pytest.mark.parametrize("obstacle", ["requisition closed", "offer unsigned", "several applications"])
def test_a_hire_that_lever_refuses_is_rejected_by_cause(bench: LeverBench, obstacle: str) -> None:
    application = apply(bench)
    job = bench.ats.list_jobs().items[0]
    if obstacle == "requisition closed":
        bench.sandbox.act("lever", "close_requisition", requisition_id=job.open_openings[0])
    elif obstacle == "offer unsigned":
        bench.sandbox.act("lever", "offer", opportunity_id=application.id)
    else:
        other = bench.ats.list_jobs().items[1].id
        bench.sandbox.act("lever", "add_application", opportunity_id=application.id, job_id=other)

    with pytest.raises(errors.Rejected) as refused:
        bench.ats.hire(application, opening_id=job.open_openings[0])

    assert refused.value.cause == "hire_refused"
    assert bench.ats.get_applications(ids=[application.id])[0].status == ApplicationStatus.ACTIVE


def test_a_create_that_names_what_is_gone_is_rejected_by_cause(bench: LeverBench) -> None:
    with pytest.raises(errors.Rejected) as refused:
        bench.ats.create_person(IDA, NewApplication(UNKNOWN))

    assert refused.value.cause == "unknown_reference"


def test_an_attachment_to_somebody_gone_is_looked_for_again(bench: LeverBench) -> None:
    job = bench.ats.list_jobs().items[0]

    with pytest.raises(errors.NotFound):
        bench.ats.attach(UNKNOWN, NewApplication(job.id))


def test_a_permission_that_the_key_lacks_is_rejected_by_cause(sandbox: Sandbox) -> None:
    sandbox.reset({"lever": {"keys": [{"key": "narrow", "scopes": ["postings:read:admin"]}]}})
    ats, _ = benches.open_lever(sandbox, key="narrow")

    with pytest.raises(errors.Rejected) as refused:
        ats.list_users()

    assert refused.value.cause == "not_permitted"


def test_nobody_is_created_where_nobody_is_named_to_act(sandbox: Sandbox) -> None:
    ats, gate = benches.open_lever(sandbox, perform_as="")
    job = ats.list_jobs().items[0]
    before = len(gate.entered)

    with pytest.raises(errors.Rejected) as refused:
        ats.create_person(IDA, NewApplication(job.id))

    assert (refused.value.cause, len(gate.entered)) == ("perform_as_required", before)


def test_a_rejection_without_a_reason_of_its_own_is_not_written(sandbox: Sandbox) -> None:
    ats, gate = benches.open_lever(sandbox, archive_reason="")
    application = apply(LeverBench(sandbox, ats, gate, note_author=""))

    with pytest.raises(errors.Rejected) as refused:
        ats.reject(application)

    assert refused.value.cause == "reason_required"
    assert not [call for call in sandbox.calls("lever", write=1) if call["operation"] == "archive"]


@pytest.mark.parametrize("key", ["", "../stages", "a b", "x" * 65])
def test_ids_that_are_not_levers_never_leave(bench: LeverBench, key: str) -> None:
    application = apply(bench)
    before = len(bench.gate.entered)

    for call in (
        lambda: bench.ats.attach(key, NewApplication("1")),
        lambda: bench.ats.move(dataclasses.replace(application, id=key), to_stage_id="s"),
        lambda: bench.ats.get_applications(ids=[key]),
    ):
        with pytest.raises(errors.Rejected) as refused:
            call()
        assert refused.value.cause == "bad_id"

    assert len(bench.gate.entered) == before
