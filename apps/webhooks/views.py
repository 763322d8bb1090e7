"""Receivers' addresses. They verify, store, acknowledge; nothing else."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from apps.connections import addresses
from apps.connections import services as connections
from apps.core import clock
from apps.webhooks import bodies, services
from apps.webhooks.bodies import Body
from apps.webhooks.services import Received

ANSWERS = {
    Received.STORED: (200, "stored"),
    Received.UNKNOWN: (404, "no such connection"),
    Received.BAD_SIGNATURE: (401, "the signature does not match any live secret of this connection"),
}


@method_decorator(csrf_exempt, name="dispatch")
class Receiver(View):
    """POST takes a delivery, GET answers a system's challenge."""

    def post(self, request: HttpRequest, provider: str, connection_id: UUID | None = None) -> HttpResponse:
        """Without a connection the address is one for each application, which the delivery names."""
        try:
            body = bodies.read_body(request, most=settings.SYNCPORTAL_HOOK_BYTES)
        except bodies.TooLarge:
            return JsonResponse({"error": f"larger than {settings.SYNCPORTAL_HOOK_BYTES} bytes"}, status=413)
        found = connection_id or addresses.find_addressed(provider=provider, query=request.GET.dict(), body=body.text)
        status, text = ANSWERS[_receive(request, provider, found, body)]
        return JsonResponse({"status": text} if status == 200 else {"error": text}, status=status)

    def get(self, request: HttpRequest, provider: str, connection_id: UUID | None = None) -> HttpResponse:
        asked = request.GET.dict()
        found = connection_id or addresses.find_addressed(provider=provider, query=asked, body=b"")
        connection = services.find_connection(provider=provider, connection_id=found) if found else None
        if connection is None:
            return JsonResponse({"error": "no such connection"}, status=404)
        secret = next(iter(connections.hook_secrets(connection, now=clock.now())), "")
        answer = connections.receiver_of(connection).answer_challenge(query=asked, secret=secret)
        if answer is None:
            return JsonResponse({"error": "this address takes signed deliveries by POST"}, status=400)
        return JsonResponse(dict(answer))


def _receive(request: HttpRequest, provider: str, connection_id: UUID | None, body: Body) -> Received:
    if connection_id is None:
        return Received.UNKNOWN
    headers = {name.lower(): value for name, value in request.headers.items()}
    return services.receive(provider=provider, connection_id=connection_id, headers=headers, body=body, now=clock.now())
