"""The screens' addresses (DESIGN.md, Contracts: Pages)."""

from __future__ import annotations

from django.urls import path

from apps.portal import (
    budget,
    candidates,
    compatibility,
    conflicts,
    connection,
    connections,
    dashboard,
    event,
    events,
    keys,
    mappings,
    notifications,
    people,
    reconciliation,
    search,
    shell,
    why,
)

app_name = "portal"

urlpatterns = [
    path("", dashboard.overview, name="dashboard"),
    path("events/", events.event_list, name="events"),
    path("events/<int:event_id>/", event.event_detail, name="event"),
    path("candidates/", candidates.candidate_list, name="candidates"),
    path("candidates/why/", why.why, name="why"),
    path("candidates/<uuid:person_id>/sync/", why.sync_person, name="sync_person"),
    path("events/<int:event_id>/sync/", why.sync_received, name="sync_received"),
    path("connections/<uuid:connection_id>/read/", why.read_now, name="read_now"),
    path("candidates/<uuid:person_id>/", candidates.candidate_detail, name="candidate"),
    path("connections/", connections.connection_list, name="connections"),
    path("connections/<uuid:connection_id>/budget/", budget.budget, name="budget"),
    path("connections/<uuid:connection_id>/", connection.connection_detail, name="connection"),
    path("conflicts/", conflicts.conflict_list, name="conflicts"),
    path("conflicts/decide/", conflicts.decide, name="decide_conflicts"),
    path("conflicts/undo/", conflicts.undo, name="undo_conflicts"),
    path("conflicts/halts/<uuid:mapping_id>/agree/", conflicts.agree_to_halt, name="agree_to_halt"),
    path("compatibility/", compatibility.compatibility, name="compatibility"),
    path("mappings/", mappings.mapping_list, name="mappings"),
    path("mappings/<uuid:mapping_id>/", mappings.mapping_detail, name="mapping"),
    path("reconciliation/", reconciliation.run_list, name="reconciliation"),
    path("reconciliation/start/", reconciliation.start_run, name="start_run"),
    path("reconciliation/<uuid:run_id>/", reconciliation.run_detail, name="reconciliation_run"),
    path("reconciliation/<uuid:run_id>/decide/", reconciliation.decide_run, name="decide_run"),
    path("people/", people.people_list, name="people"),
    path("people/new/", people.new_person, name="new_person"),
    path("people/keys/", keys.key_list, name="keys"),
    path("people/keys/<uuid:key_id>/revoke/", keys.revoke_key, name="revoke_key"),
    path("people/<int:user_id>/", people.change_person, name="person"),
    path("people/<int:user_id>/invite/", people.invite_again, name="invite_again"),
    path("search/", search.search, name="search"),
    path("client/", shell.switch_client, name="client"),
    path("theme/", shell.switch_theme, name="theme"),
    path("notifications/", notifications.rule_list, name="notifications"),
    path("notifications/rules/", notifications.new_rule, name="new_rule"),
    path("notifications/rules/<uuid:rule_id>/", notifications.edit_rule, name="rule"),
    path("notifications/rules/<uuid:rule_id>/switch/", notifications.switch_rule, name="switch_rule"),
    path("notifications/deliveries/", notifications.delivery_list, name="deliveries"),
    path("notifications/deliveries/<uuid:message_id>/", notifications.answer_delivery, name="delivery"),
    path("notifications/contacts/", notifications.contact_list, name="contacts"),
]
