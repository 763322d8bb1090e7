from django.apps import AppConfig


class MonitoringConfig(AppConfig):
    name = "apps.monitoring"
    label = "monitoring"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Look at the alarms with each sweep whose turn it is."""
        from apps.ledger import tasks
        from apps.monitoring import services

        tasks.register_sweeper(services.look_in_turn)
