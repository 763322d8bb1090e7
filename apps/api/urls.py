"""Addresses of the API (DESIGN.md, Contracts): version 1, its schema and its page."""

from __future__ import annotations

from django.urls import path, re_path
from drf_spectacular.views import SpectacularAPIView

from apps.api import docs, problems, views

app_name = "api"

urlpatterns = [
    path("v1/connections/", views.Connections.as_view(), name="connections"),
    path("v1/connections/<uuid:pk>/", views.Connection.as_view(), name="connection"),
    path("v1/mappings/", views.Mappings.as_view(), name="mappings"),
    path("v1/mappings/<uuid:pk>/", views.Mapping_.as_view(), name="mapping"),
    path("v1/candidates/", views.Candidates.as_view(), name="candidates"),
    path("v1/candidates/<uuid:pk>/", views.Candidate.as_view(), name="candidate"),
    path("v1/candidacies/", views.Candidacies.as_view(), name="candidacies"),
    path("v1/candidacies/<uuid:pk>/", views.Candidacy.as_view(), name="candidacy"),
    path("v1/events/", views.Events.as_view(), name="events"),
    path("v1/events/<int:pk>/", views.Event.as_view(), name="event"),
    path("v1/attempts/", views.Attempts.as_view(), name="attempts"),
    path("v1/attempts/<int:pk>/", views.Attempt.as_view(), name="attempt"),
    path("v1/transitions/", views.Transitions.as_view(), name="transitions"),
    path("v1/transitions/<int:pk>/", views.Transition.as_view(), name="transition"),
    path("v1/reports/lag/", views.Lag.as_view(), name="lag"),
    path("v1/reports/days/", views.Days.as_view(), name="days"),
    path("v1/reports/volume/", views.Volume.as_view(), name="volume"),
    path("v1/reports/funnel/", views.Funnel.as_view(), name="funnel"),
    path("v1/reports/errors/", views.Errors.as_view(), name="errors"),
    path("v1/reports/budget/", views.Budget.as_view(), name="budget"),
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", docs.Page.as_view(), name="docs"),
    re_path(r"", problems.missing, name="missing"),
]
