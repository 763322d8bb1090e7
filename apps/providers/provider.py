"""What a provider package declares: its facts, how to open it, how to get a token for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from apps.providers.contract import Ats, Capabilities, Gate, Messenger, Receiver, Settings, Sourcing


@dataclass(frozen=True, slots=True)
class CredentialField:
    """One value that a person gives to connect; `secret` ones are never shown again."""

    name: str
    label: str
    secret: bool = True
    required: bool = True
    help: str = ""
    by_consent: bool = False  # the consent gives it; nobody types it


@dataclass(frozen=True, slots=True)
class Minted:
    """A new access token, when it ends (None: unknown), and the credential's values if they changed.
    `ends_at` is when nothing can be minted any more and a person has to consent again (None: unknown)."""

    access_token: str = field(repr=False)
    expires_at: datetime | None = None
    secret: Mapping[str, str] | None = field(default=None, repr=False)
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class OptionField:
    """A plain setting of a connection that a person gives. `of_users`: one of the system's own users, chosen
    from their list once the credential works."""

    name: str
    label: str
    help: str = ""
    default: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    number: bool = False
    required: bool = False
    of_users: bool = False


class HookSecret(StrEnum):
    """Where the secret comes from that deliveries are signed with."""

    OURS = "ours"  # made here, entered there
    THEIRS = "theirs"  # made there, entered here
    CREDENTIAL = "credential"  # a part of the credential


@dataclass(frozen=True, slots=True)
class Connecting:
    """What whoever connects the system is asked and told, besides its capabilities' `setup`."""

    options: tuple[OptionField, ...] = ()
    permissions: Mapping[str, str] = field(default_factory=dict)  # of a reading (connections.readings): its name there
    empty: str = ""  # what it may mean that nothing is seen
    private: str = ""  # what a key that is blind to private records needs
    mails: str = ""  # how a move by API may reach the candidate
    hook_secret: HookSecret = HookSecret.OURS
    hook_steps: tuple[str, ...] = ()
    test_event: str = ""  # what makes the system send one


@dataclass(frozen=True, slots=True)
class Addressee:
    """Whom a request to an application's one address says it is for; what it does not name is empty."""

    account: str = ""
    application: str = ""


@dataclass(frozen=True, slots=True)
class Mode:
    """One of several ways to a system: what it can do by it, whether by a consent, and what it cannot, in words.
    `asks` are options of the connection that mean something in this mode alone. `registers`: the system is told by a
    call where to deliver, which nobody enters there."""

    key: str
    label: str
    capabilities: Capabilities
    consents: bool = False
    asks: tuple[str, ...] = ()
    cannot: tuple[str, ...] = ()
    registers: bool = False
    hook_steps: tuple[str, ...] = ()
    test_event: str = ""


class Addressing(Protocol):
    """Reads whom a request is for, before it is checked. Nothing of it is believed but where to look."""

    def __call__(self, *, query: Mapping[str, str], body: bytes) -> Addressee: ...


class ConsentUrl(Protocol):
    """Gives the address at which an administrator consents; `challenge` is the PKCE S256 one."""

    def __call__(
        self, settings: Settings, *, client_id: str, redirect_uri: str, state: str, challenge: str, scope: str
    ) -> str: ...


class ExchangeCode(Protocol):
    """Turns the code of a consent into a token, once. Raises AuthExpired where the system refuses it."""

    def __call__(
        self, settings: Settings, credential: Mapping[str, str], *, code: str, redirect_uri: str, verifier: str
    ) -> Minted: ...


@dataclass(frozen=True, slots=True)
class Consent:
    """The sign-in page of a system that gives credentials by OAuth alone."""

    scope: str
    url: ConsentUrl
    exchange: ExchangeCode


@dataclass(frozen=True, slots=True)
class Provider:
    """One outside system. `mint` makes one token request, counted by whoever calls it (the gate);
    it raises AuthExpired where only a person can get a new credential."""

    key: str
    capabilities: Capabilities
    open: Callable[[Settings, Gate], Ats | Sourcing | Messenger]
    receiver: Receiver
    mint: Callable[[Settings, Mapping[str, str]], Minted]
    base_urls: Mapping[str, str]
    credential_fields: tuple[CredentialField, ...] = ()
    consent: Consent | None = None
    addressing: Addressing | None = None  # where the system has one address for each application
    connecting: Connecting = field(default_factory=Connecting)
    modes: tuple[Mode, ...] = ()  # the first is meant where a connection names none

    def mode_of(self, key: str) -> Mode | None:
        """The mode of this name, the first one for any other; None where there is one way only."""
        return next((one for one in self.modes if one.key == key), self.modes[0] if self.modes else None)

    def consent_in(self, mode: str) -> Consent | None:
        """The sign-in page by which a credential is given in a mode; None where it is typed."""
        found = self.mode_of(mode)
        return self.consent if found is None or found.consents else None

    def options_in(self, mode: str) -> tuple[OptionField, ...]:
        """The settings that mean something in a mode."""
        found = self.mode_of(mode)
        elsewhere = {name for one in self.modes if one is not found for name in one.asks}
        return tuple(one for one in self.connecting.options if one.name not in elsewhere)

    def capabilities_in(self, mode: str) -> Capabilities:
        """What it can do in a mode."""
        found = self.mode_of(mode)
        return found.capabilities if found is not None else self.capabilities
