"""Lever, Data API v1."""

from apps.providers.lever import capabilities, client, connecting, oauth, receiver, wire
from apps.providers.provider import CredentialField, Provider

PROVIDER = Provider(
    key="lever",
    capabilities=capabilities.CAPABILITIES,
    open=client.Lever,
    receiver=receiver.LeverReceiver(),
    mint=oauth.mint,
    base_urls=wire.BASE_URLS,
    credential_fields=(
        CredentialField(
            "api_key",
            "API key",
            required=False,
            help="Made with access to confidential data, which no key can be given later.",
        ),
        CredentialField("client_id", "OAuth client id", secret=False, required=False, help="Listed partners only."),
        CredentialField("client_secret", "OAuth client secret", required=False),
        CredentialField("refresh_token", "OAuth refresh token", required=False, help="From the consent."),
    ),
    connecting=connecting.CONNECTING,
)
