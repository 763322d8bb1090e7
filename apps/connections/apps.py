"""One account at one system: its credential, its health, its request budget."""

from django.apps import AppConfig


class ConnectionsConfig(AppConfig):
    name = "apps.connections"
    label = "connections"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Tell the way out, which knows no Django, what these settings allow; watch over each health."""
        from django.conf import settings

        from apps.connections import health
        from apps.ledger import tasks
        from apps.providers import egress

        tasks.register_sweeper(health.note_changes)
        egress.allow_loopback(settings.SYNCPORTAL_LOOPBACK)
