"""What is entered to connect a system: the fields that its provider declares, and no others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings

from apps.accounts import selectors as accounts
from apps.accounts.scope import EVERYONE
from apps.connections.trials import Wanted
from apps.providers.provider import CredentialField, OptionField, Provider
from apps.sync import native

SANDBOX = "sandbox"
OPTION = "option-"
NATIVE = native.OPTION
LONGEST = 4_000


class CredentialForm(forms.Form):
    """A credential, field by field."""

    def __init__(self, provider: Provider, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.provider = provider
        for one in credential_fields(provider):
            self.fields[one.name] = _text(one.label, required=one.required)

    def clean(self) -> dict[str, Any]:
        """Somebody who leaves every credential field empty has entered none, though none alone is required."""
        found: dict[str, Any] = super().clean() or {}
        named = [one.name for one in credential_fields(self.provider)]
        first = self.provider.credential_fields[0]
        if not self.errors and not any(found.get(name) for name in named):
            self.add_error(first.name, f"Enter the {first.label}.")
        return found

    def secret(self) -> dict[str, str]:
        found = self.cleaned_data
        return {one.name: found[one.name] for one in credential_fields(self.provider) if found[one.name]}


class ConnectForm(CredentialForm):
    """A credential, plain settings, and whose the connection is."""

    name = forms.CharField(max_length=120, error_messages={"required": "Enter a name: how the connection shows here."})

    def __init__(self, provider: Provider, *args: Any, mode: str = "", **kwargs: Any) -> None:
        super().__init__(provider, *args, **kwargs)
        self.mode = mode
        clients = [(str(pk), name) for pk, name in accounts.list_clients(scope=EVERYONE)]
        said = {"invalid_choice": "Choose one of those that are listed."}
        every = [("", "Every client"), *clients]
        self.fields["client"] = forms.ChoiceField(choices=every, required=False, error_messages=said)
        self.fields["at"] = forms.ChoiceField(choices=places(provider), required=False, error_messages=said)
        for option in asked_options(provider, mode):
            self.fields[f"{OPTION}{option.name}"] = _option(option)
        if has_native(provider):
            self.fields[NATIVE] = forms.BooleanField(required=False)

    def wanted(self) -> Wanted:
        found = self.cleaned_data
        return Wanted(
            provider=self.provider.key,
            secret=self.secret(),
            base_urls=base_urls(self.provider, found["at"]),
            options=self._options(),
            access_mode=self.mode,
        )

    def whose(self) -> dict[str, Any]:
        """What is kept beside the credential until the connection is made."""
        return {"name": self.cleaned_data["name"].strip(), "client": self.cleaned_data["client"]}

    def _options(self) -> dict[str, Any]:
        found = self.cleaned_data
        options = {one.name: found[f"{OPTION}{one.name}"] for one in asked_options(self.provider, self.mode)}
        native = {NATIVE: True} if found.get(NATIVE) else {}
        return {name: value for name, value in options.items() if value not in ("", None)} | native


def credential_fields(provider: Provider) -> tuple[CredentialField, ...]:
    """Those that a person types; a consent gives the others."""
    return tuple(one for one in provider.credential_fields if not one.by_consent)


def asked_options(provider: Provider, mode: str = "") -> tuple[OptionField, ...]:
    """Those of a mode that can be asked before the credential works."""
    return tuple(one for one in provider.options_in(mode) if not one.of_users)


def has_native(provider: Provider) -> bool:
    return provider.capabilities.role == "ats" and provider.capabilities.native_connector is not False


def places(provider: Provider) -> list[tuple[str, str]]:
    """The system itself, and the sandbox where the settings name one."""
    real = [("", provider.capabilities.name)]
    return [*real, (SANDBOX, "The sandbox, for trying")] if settings.SYNCPORTAL_SANDBOX_URL else real


def base_urls(provider: Provider, at: str) -> dict[str, str]:
    """Nobody types an address: the provider's own, or those of the sandbox."""
    if at != SANDBOX or not settings.SYNCPORTAL_SANDBOX_URL:
        return {}
    address = f"{settings.SYNCPORTAL_SANDBOX_URL}/{provider.key}"
    return dict.fromkeys(provider.base_urls, address)


def client_of(text: str) -> UUID | None:
    return UUID(text) if text else None


def shown_fields(form: ConnectForm) -> dict[str, Any]:
    """The form as plain values; what is secret is never shown again."""
    provider = form.provider
    return {
        "name": _shown(form, "name", "Name", help="How the connection shows here."),
        "client": _shown(form, "client", "Whose it is", help="Every client, where an agency keeps all in one."),
        "at": _shown(form, "at", "Where") if len(places(provider)) > 1 else None,
        "credential": shown_credential(form),
        "options": [
            _shown(form, f"{OPTION}{one.name}", one.label, help=one.help, required=one.required)
            for one in asked_options(provider, form.mode)
        ],
        "native": bool(form[NATIVE].value()) if NATIVE in form.fields else None,
    }


def shown_credential(form: CredentialForm) -> list[dict[str, Any]]:
    """The credential's fields as plain values; what is secret is never shown again."""
    return [
        _shown(form, one.name, one.label, help=one.help, secret=one.secret, required=one.required)
        for one in credential_fields(form.provider)
    ]


def _shown(
    form: CredentialForm, name: str, label: str, *, help: str = "", secret: bool = False, required: bool = True
) -> dict[str, Any]:
    value = "" if secret else str(form[name].value() or "")
    field = form.fields[name]
    return {
        "name": name,
        "label": label,
        "value": value,
        "kind": "password" if secret else "number" if isinstance(field, forms.IntegerField) else "text",
        "choices": list(_choices(field, value)),
        "required": required and field.required,
        "optional": not field.required and not isinstance(field, forms.ChoiceField),
        "help": help,
        "error": next(iter(form.errors.get(name, [])), ""),
    }


def _choices(field: forms.Field, value: str) -> Iterator[tuple[str, str, bool]]:
    for key, label in getattr(field, "choices", ()):
        yield key, label, key == value


def _text(label: str, *, required: bool) -> forms.CharField:
    missing: Mapping[str, str] = {
        "required": f"Enter the {label}.",
        "max_length": f"The {label} is longer than any: copy it alone.",
        "null_characters_not_allowed": f"The {label} holds a character that cannot be: type it anew.",
    }
    return forms.CharField(max_length=LONGEST, required=required, error_messages=dict(missing))


def _option(option: OptionField) -> forms.Field:
    if option.choices:
        said = f"Choose what is listed under {option.label}."
        return forms.ChoiceField(choices=option.choices, required=False, error_messages={"invalid_choice": said})
    if option.number:
        said = f"{option.label}: enter a whole number above 0."
        return forms.IntegerField(
            min_value=1,
            max_value=1_000_000,
            initial=option.default,
            error_messages=dict.fromkeys(("required", "invalid", "min_value", "max_value"), said),
        )
    missing = {"required": f"Enter the {option.label}."}
    return forms.CharField(
        max_length=200, required=option.required, initial=option.default, error_messages=dict(missing)
    )
