"""The screens' addresses (DESIGN.md, Contracts: Pages)."""

from __future__ import annotations

from django.urls import path

from apps.portal import candidates, connections, dashboard, events, shell

app_name = "portal"

urlpatterns = [
    path("", dashboard.overview, name="dashboard"),
    path("events/", events.event_list, name="events"),
    path("events/<int:event_id>/", events.event_detail, name="event"),
    path("candidates/", candidates.candidate_list, name="candidates"),
    path("candidates/<uuid:person_id>/", candidates.candidate_detail, name="candidate"),
    path("connections/", connections.connection_list, name="connections"),
    path("theme/", shell.switch_theme, name="theme"),
]
