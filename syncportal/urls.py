"""Addresses of the whole app."""

from django.contrib import admin
from django.urls import include, path

from syncportal import probes

urlpatterns = [
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("api/", include("apps.api.urls")),
    path("webhooks/", include("apps.webhooks.urls")),
    path("healthz", probes.healthz),
    path("healthz/worker", probes.worker),
    path("readyz", probes.readyz),
    path("", include("apps.portal.urls")),
]

handler500 = "syncportal.errors.internal"
