"""The tenant's switches, set by a scenario's part `settings` or by the act `settings`."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

from apps.sandbox.kernel import ActError


@dataclass
class Settings:
    """Each with what LinkedIn is known to do, or INVENTED."""

    daily_limit: int = 500  # INVENTED: the Projects contract's number; per application, UTC day
    count_oauth: bool = True  # INVENTED: token and introspection requests count in the day
    records_per_minute: int = 10_000  # documented for candidates; here, the records of batch writes; 0 is off
    infrastructure_429_percent: float = 0.0  # documented as possible, its code is INVENTED
    access_token: str = "sandbox-linkedin-token"  # valid from the reset on, without consent
    access_token_seconds: int = 60 * 86400
    client_token_seconds: int = 1800
    expires_in_as_text: bool = False  # seen in LinkedIn's own 2-legged sample
    refresh_tokens: bool = False  # documented for Marketing partners only
    refresh_token_seconds: int = 365 * 86400
    allow_client_credentials: bool = True
    require_pkce: bool = True  # of the Projects contract
    consent: str = "allow"  # or "deny": the administrator cancels
    equal_timestamps: bool = False  # INVENTED: changes of one moment share modifiedAt
    escaped_unicode: bool = False  # JSON as \\uXXXX instead of raw UTF-8
    hints: bool = True  # INVENTED: the push hint
    versions: tuple[str, ...] = ("202512", "202603", "202604")  # of /rest, by LinkedIn-Version
    export_expires_at: str = "number"  # or "text", or "absent": what the envelope of an export says
    hook_gaps: tuple[float, ...] = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0)  # INVENTED schedule; six tries as Apply Connect

    def change(self, values: dict[str, Any]) -> None:
        """Set some. Raises ActError on an unknown name."""
        known = {found.name: type(getattr(self, found.name)) for found in fields(self)}
        for name, value in values.items():
            if name not in known:
                raise ActError(f"unknown setting {name!r}; one of {', '.join(sorted(known))}")
            setattr(self, name, known[name](value))

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)
