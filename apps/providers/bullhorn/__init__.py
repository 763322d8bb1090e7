"""Bullhorn: REST API with an event queue, Lucene search and JPQL query."""

from apps.providers.bullhorn import capabilities, client, connecting, login, receiver, wire
from apps.providers.provider import CredentialField, Provider

PROVIDER = Provider(
    key="bullhorn",
    capabilities=capabilities.CAPABILITIES,
    open=client.Bullhorn,
    receiver=receiver.NoReceiver(),
    mint=login.mint,
    base_urls=wire.BASE_URLS,
    credential_fields=(
        CredentialField("username", "API user", secret=False, help="Of the agency's own API user, not a person's."),
        CredentialField("password", "Password"),
        CredentialField("client_id", "Client id", secret=False, help="From Bullhorn Support, for this agency."),
        CredentialField("client_secret", "Client secret"),
    ),
    connecting=connecting.CONNECTING,
)
