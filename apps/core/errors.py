"""What can go wrong with a call to an outside system, named for what the caller does next.

The tree is RULES.md's taxonomy. A provider's verdict table turns a status into one of these; the
drain loop turns each of them into the state of an event.

    SyncError
      Transient     nothing happened there: try again later
      RateLimited   the remote asks us to wait (until a time, or it did not say)
      AuthExpired   the credential is dead: wait for a person to reconnect
      Rejected      the remote said no: dead at once, by cause
      NotFound      the object is not there: resolve again before failing
      Conflict      the remote's state is not what we thought: read before calling it a failure
      Unknown       it may have happened: hold, read back, never repeat blindly
"""

from __future__ import annotations

from datetime import datetime


class SyncError(Exception):
    """An anticipated failure of a remote call; `cause` groups it, `detail` is for a person."""

    code = "error"

    def __init__(self, detail: str = "", *, cause: str = "") -> None:
        super().__init__(detail)
        self.detail = detail
        self.cause = cause or self.code


class Transient(SyncError):
    """Nothing happened on the other side; trying again later is safe, from `until` on where it said so."""

    code = "transient"

    def __init__(self, detail: str = "", *, cause: str = "", until: datetime | None = None) -> None:
        super().__init__(detail, cause=cause)
        self.until = until


class RateLimited(SyncError):
    """The other side asks us to slow down; `until` is None where it did not say how long."""

    code = "rate_limited"

    def __init__(self, detail: str = "", *, cause: str = "", until: datetime | None = None) -> None:
        super().__init__(detail, cause=cause)
        self.until = until


class AuthExpired(SyncError):
    """The credential no longer works; a person must reconnect."""

    code = "auth_expired"


class Rejected(SyncError):
    """The other side understood and said no; repeating it changes nothing."""

    code = "rejected"


class NotFound(SyncError):
    """The object is not there (any more)."""

    code = "not_found"


class Conflict(SyncError):
    """The other side's state is not the one this write was planned on."""

    code = "conflict"


class Unknown(SyncError):
    """The write may or may not have happened; read back before anything else."""

    code = "unknown"
