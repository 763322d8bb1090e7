from django.apps import AppConfig


class MonitoringConfig(AppConfig):
    name = "apps.monitoring"
    label = "monitoring"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Look at the alarms, and for whom it is morning, with each sweep whose turn it is."""
        from apps.ledger import tasks
        from apps.monitoring import digest, services

        tasks.register_sweeper(services.look_in_turn)
        tasks.register_sweeper(digest.tell_in_turn)
