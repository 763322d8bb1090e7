"""LinkedIn Recruiter Projects."""

from apps.providers.linkedin import capabilities, client, connecting, oauth, receiver, wire
from apps.providers.provider import Consent, CredentialField, Provider

PROVIDER = Provider(
    key="linkedin",
    capabilities=capabilities.CAPABILITIES,
    open=client.RecruiterProjects,
    receiver=receiver.LinkedInReceiver(),
    mint=oauth.mint,
    base_urls=wire.BASE_URLS,
    credential_fields=(
        CredentialField("client_id", "Client id", secret=False),
        CredentialField("client_secret", "Client secret", help="It also signs the deliveries of the push hint."),
        CredentialField(
            "refresh_token",
            "Refresh token",
            required=False,
            help="LinkedIn gives it to some partners.",
            by_consent=True,
        ),
    ),
    consent=Consent(oauth.SCOPE, oauth.authorize_url, oauth.exchange_code),
    connecting=connecting.CONNECTING,
)
