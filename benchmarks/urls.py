"""The app's addresses, and a view that stores a body by one INSERT and nothing else."""

from __future__ import annotations

from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt

TABLE = "CREATE TABLE IF NOT EXISTS bench_delivery (id bigserial PRIMARY KEY, body text NOT NULL)"


@csrf_exempt
def store(request: HttpRequest) -> HttpResponse:
    """What any Django app would do at the least, to compare with."""
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO bench_delivery (body) VALUES (%s)", [request.body.decode()])
    return JsonResponse({"status": "stored"})


urlpatterns = [path("bench/bare/", store), path("", include("syncportal.urls"))]
