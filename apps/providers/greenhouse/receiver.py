"""Greenhouse's webhooks: signature and shapes. https://developers.greenhouse.io/webhooks.html

The bodies are shaped like v1's objects, not like v3's rows, and differ by event.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from apps.providers.contract import Hook, HookKind, MalformedHook
from apps.providers.parsing import Fields, Malformed

APPLICATION_ACTIONS = (
    "new_candidate_application",
    "new_prospect_application",
    "application_updated",
    "candidate_stage_change",
    "hire_candidate",
    "unhire_candidate",
    "reject_candidate",
    "unreject_candidate",
)
CATALOGUE_ACTIONS = (
    "job_created",
    "job_updated",
    "job_approved",
    "job_deleted",
    "job_interview_stage_deleted",
    "department_deleted",
    "office_deleted",
)


class GreenhouseReceiver:
    """contract.Receiver; the secret is the webhook's own."""

    def verify(self, *, headers: Mapping[str, str], body: bytes, secrets: Sequence[str]) -> bool:
        """`Signature: sha256 <hex>` over the raw bytes: a space, and never over JSON written anew."""
        method, _, digest = headers.get("signature", "").strip().partition(" ")
        given = digest.strip().lower().encode()
        fits = [hmac.compare_digest(_sign(secret, body), given) for secret in secrets if secret]
        return method.lower() == "sha256" and any(fits)

    def parse(self, *, headers: Mapping[str, str], body: bytes) -> Hook:
        try:
            found = Fields(json.loads(body), "delivery")
            action = found.word("action")
            read = _READERS.get(action, _other)
            return read(action, headers.get("greenhouse-event-id", ""), found.object_or_empty("payload"))
        except Malformed as malformed:
            raise MalformedHook(str(malformed)) from None
        except (ValueError, RecursionError):
            raise MalformedHook("delivery: not JSON") from None

    def answer_challenge(self, *, query: Mapping[str, str], secret: str) -> Mapping[str, str] | None:
        """Greenhouse pings instead."""
        return None


def _sign(secret: str, body: bytes) -> bytes:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest().encode()


def _application(action: str, delivery_id: str, payload: Fields) -> Hook:
    """The person is embedded, and a list of jobs; a prospect's may be empty or long."""
    found = payload.object("application")
    jobs = [job.numeric_id("id") for job in found.objects("jobs")]
    return Hook(
        HookKind.APPLICATION,
        action,
        delivery_id,
        person_id=found.object("candidate").numeric_id("id"),
        application_id=found.numeric_id("id"),
        job_id=jobs[0] if len(jobs) == 1 else "",
        occurred_at=_activity(found),
    )


def _activity(found: Fields) -> datetime | None:
    return found.instant("last_activity_at") if found.has("last_activity_at") else None


def _application_deleted(action: str, delivery_id: str, payload: Fields) -> Hook:
    """A flat shape of its own: ids, no embedded person."""
    found = payload.object("application")
    return Hook(
        HookKind.APPLICATION_DELETED,
        action,
        delivery_id,
        person_id=found.numeric_id("candidate_id"),
        application_id=found.numeric_id("id"),
        job_id=found.id_or_empty("job_id"),
    )


def _person(action: str, delivery_id: str, payload: Fields) -> Hook:
    return Hook(HookKind.PERSON, action, delivery_id, person_id=payload.object("candidate").numeric_id("id"))


def _anonymized(action: str, delivery_id: str, payload: Fields) -> Hook:
    """The record stays, its fields are gone: re-read it. The payload is flat."""
    return Hook(HookKind.PERSON, action, delivery_id, person_id=payload.numeric_id("candidate_id"))


def _person_deleted(action: str, delivery_id: str, payload: Fields) -> Hook:
    """Also what a merge looks like where the customer configured no merge hook."""
    return Hook(HookKind.PERSON_DELETED, action, delivery_id, person_id=payload.object("person").numeric_id("id"))


def _merged(action: str, delivery_id: str, payload: Fields) -> Hook:
    """`id` is the loser, `new_candidate_id` the survivor."""
    found = payload.object("person")
    return Hook(
        HookKind.PERSON_MERGED,
        action,
        delivery_id,
        person_id=found.numeric_id("id"),
        survivor_id=found.numeric_id("new_candidate_id"),
    )


def _catalogue(action: str, delivery_id: str, payload: Fields) -> Hook:
    return Hook(HookKind.CATALOGUE, action, delivery_id, job_id=_job_of(payload))


def _job_of(payload: Fields) -> str:
    if payload.has("job"):
        return payload.object("job").id_or_empty("id")
    if payload.has("job_interview_stage"):
        return payload.object("job_interview_stage").id_or_empty("job_id")
    return ""


def _ping(action: str, delivery_id: str, payload: Fields) -> Hook:
    return Hook(HookKind.PING, action, delivery_id)


def _other(action: str, delivery_id: str, payload: Fields) -> Hook:
    return Hook(HookKind.OTHER, action, delivery_id)


Reader = Callable[[str, str, Fields], Hook]

_READERS: Mapping[str, Reader] = {
    **dict.fromkeys(APPLICATION_ACTIONS, _application),
    **dict.fromkeys(CATALOGUE_ACTIONS, _catalogue),
    "delete_application": _application_deleted,
    "update_candidate": _person,
    "candidate_anonymized": _anonymized,
    "delete_candidate": _person_deleted,
    "merge_candidate": _merged,
    "ping": _ping,
}
