"""Receivers' addresses. They verify, store, acknowledge; nothing else."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from apps.connections import services as connections
from apps.core import clock
from apps.webhooks import services
from apps.webhooks.services import Received

ANSWERS = {
    Received.STORED: (200, "stored"),
    Received.UNKNOWN: (404, "no such connection"),
    Received.BAD_SIGNATURE: (401, "the signature does not match any live secret of this connection"),
}


@method_decorator(csrf_exempt, name="dispatch")
class Receiver(View):
    """POST takes a delivery, GET answers a system's challenge."""

    def post(self, request: HttpRequest, provider: str, connection_id: UUID) -> HttpResponse:
        body = _read_body(request, most=settings.SYNCPORTAL_HOOK_BYTES)
        if body is None:
            return JsonResponse({"error": f"larger than {settings.SYNCPORTAL_HOOK_BYTES} bytes"}, status=413)
        headers = {name.lower(): value for name, value in request.headers.items()}
        received = services.receive(
            provider=provider, connection_id=connection_id, headers=headers, body=body, now=clock.now()
        )
        status, text = ANSWERS[received]
        return JsonResponse({"status": text} if status == 200 else {"error": text}, status=status)

    def get(self, request: HttpRequest, provider: str, connection_id: UUID) -> HttpResponse:
        connection = services.find_connection(provider=provider, connection_id=connection_id)
        if connection is None:
            return JsonResponse({"error": "no such connection"}, status=404)
        secret = next(iter(connections.hook_secrets(connection, now=clock.now())), "")
        answer = connections.receiver_of(connection).answer_challenge(query=request.GET.dict(), secret=secret)
        if answer is None:
            return JsonResponse({"error": "this address takes signed deliveries by POST"}, status=400)
        return JsonResponse(dict(answer))


def _read_body(request: HttpRequest, *, most: int) -> bytes | None:
    """The raw bytes; None where there are more than `most`, announced or not.

    Django takes a body without a length for an empty one; the server says where a chunked one ends.
    """
    length = request.headers.get("Content-Length")
    if not length and request.META.get("wsgi.input_terminated"):
        body: bytes = request.META["wsgi.input"].read(most + 1)
        return body if len(body) <= most else None
    return request.body if int(length or 0) <= most else None
