"""Greenhouse Recruiting, Harvest v3."""

from apps.providers.greenhouse import capabilities, client, connecting, oauth, receiver, wire
from apps.providers.provider import CredentialField, Provider

PROVIDER = Provider(
    key="greenhouse",
    capabilities=capabilities.CAPABILITIES,
    open=client.Harvest,
    receiver=receiver.GreenhouseReceiver(),
    mint=oauth.mint,
    base_urls=wire.BASE_URLS,
    credential_fields=(
        CredentialField("client_id", "Client id", secret=False, help="It ends in a hyphen and a number."),
        CredentialField("client_secret", "Client secret"),
        CredentialField(
            "sub",
            "User id to act as",
            secret=False,
            required=False,
            help="A Site Admin's numeric id. Empty: the integration's own service user.",
        ),
    ),
    connecting=connecting.CONNECTING,
)
