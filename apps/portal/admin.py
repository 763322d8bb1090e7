"""Django's admin shows everything and changes nothing but accounts (for superusers, when nothing else helps)."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from django.apps import apps
from django.contrib import admin
from django.db.models import Model

from apps.accounts.admin_readonly import ReadOnlyAdmin

OURS = "apps."
CHANGEABLE = {"accounts.user", "accounts.client", EmailAddress._meta.label_lower}
HIDDEN = {"mfa.authenticator"}
"""What stands in its rows opens an account."""


def lock_admin() -> None:
    """Show every model of ours, and take the right to change from all that is not an account."""
    for model in list(admin.site._registry):
        if model._meta.label_lower not in CHANGEABLE:
            admin.site.unregister(model)
            _show(model)
    for model in apps.get_models():
        if model.__module__.startswith(OURS) and model not in admin.site._registry:
            _show(model)


def _show(model: type[Model]) -> None:
    if model._meta.label_lower in HIDDEN:
        return
    columns = [field.name for field in model._meta.concrete_fields if field.editable or field.primary_key][:6]
    admin.site.register(model, type(f"{model.__name__}Admin", (ReadOnlyAdmin,), {"list_display": columns}))


lock_admin()
