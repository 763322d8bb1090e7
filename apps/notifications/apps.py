from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    name = "apps.notifications"
    label = "notifications"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Hear of transitions, take the lanes' work, and see to it that the usual rules are there."""
        from django.db.models.signals import post_migrate

        from apps.candidates import services as candidates
        from apps.ledger import drain, tasks
        from apps.notifications import announce, deliver, lanes, services, warnings

        candidates.register_listener(announce.hear)
        drain.register("announce", announce.handle)
        drain.register("notify", deliver.handle)
        tasks.register_sweeper(lanes.follow_connections)
        tasks.register_sweeper(warnings.tell_admins)
        post_migrate.connect(services.ensure_default_rules, sender=self)
