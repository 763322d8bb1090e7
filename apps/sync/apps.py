from django.apps import AppConfig


class SyncConfig(AppConfig):
    name = "apps.sync"
    label = "sync"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Hand the ledger its handlers: it knows them by name only."""
        from apps.ledger import drain, retention, tasks
        from apps.sync import (
            checks,
            closures,
            conflicts,
            contract_moves,
            duplicates,
            exports,
            flush,
            holds,
            hooks,
            inmail,
            looks,
            map_runs,
            merging,
            pacing,
            polls,
            reconcile,
            records,
            replay_runs,
            rows,
            shares,
            writes,
        )

        drain.register("look", looks.handle)
        drain.register("closed", closures.handle)
        drain.register("row", rows.handle)
        drain.register("export", exports.handle)
        drain.register("hook", hooks.handle)
        drain.register("message", inmail.handle)
        drain.register("write", writes.handle)
        drain.register("flush", flush.handle)
        drain.register("share", shares.handle)
        drain.register("decide", conflicts.handle)
        drain.register("duplicate", duplicates.handle)
        drain.register("merge", merging.handle)
        drain.register("records", records.handle)
        drain.register("poll", polls.handle)
        drain.register("check", checks.handle)
        drain.register("replay", replay_runs.handle)
        drain.register("remap", map_runs.handle)
        drain.register("contract", contract_moves.handle)
        tasks.register_sweeper(polls.append_due)
        tasks.register_sweeper(reconcile.start_due)
        tasks.register_sweeper(holds.sweep)
        tasks.register_sweeper(records.start_due)
        retention.register(
            short=("poll.", "check.", "records."),
            forgettable=("move", "reject", "reopen", "share"),
            newest=("row.profile",),
            horizon=pacing.read_past,
        )
