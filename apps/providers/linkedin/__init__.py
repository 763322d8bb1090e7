"""LinkedIn Recruiter: by our Projects contract, or by the documented exports."""

from apps.providers.contract import Gate, Settings, Sourcing
from apps.providers.linkedin import capabilities, client, connecting, exports, oauth, receiver, wire
from apps.providers.provider import Consent, CredentialField, Mode, Provider


def _open(settings: Settings, gate: Gate) -> Sourcing:
    if settings.options.get("access_mode") == capabilities.EXPORT_MODE:
        return exports.RecruiterExports(settings, gate)
    return client.RecruiterProjects(settings, gate)


PROVIDER = Provider(
    key="linkedin",
    capabilities=capabilities.CAPABILITIES,
    open=_open,
    receiver=receiver.LinkedInReceiver(),
    mint=oauth.mint,
    base_urls=wire.BASE_URLS,
    credential_fields=(
        CredentialField("client_id", "Client id", secret=False),
        CredentialField("client_secret", "Client secret", help="It also signs what LinkedIn sends."),
        CredentialField(
            "refresh_token",
            "Refresh token",
            required=False,
            help="LinkedIn gives it to some partners.",
            by_consent=True,
        ),
    ),
    addressing=receiver.addressing,
    consent=Consent(oauth.SCOPE, oauth.authorize_url, oauth.exchange_code),
    connecting=connecting.CONNECTING,
    modes=(
        Mode(capabilities.PROJECTS_MODE, "Projects", capabilities.CAPABILITIES, consents=True),
        Mode(
            capabilities.EXPORT_MODE,
            "Export",
            capabilities.EXPORT,
            asks=("organization", "inmail_contract", "rsc_base", "linkedin_version"),
            cannot=capabilities.CANNOT,
            registers=True,
            hook_steps=capabilities.EXPORT_STEPS,
            test_event="Export somebody to a job in Recruiter: they arrive within a minute.",
        ),
    ),
)
