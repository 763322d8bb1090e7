"""The WSGI entry point."""

import gc
import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "syncportal.settings")


def _settle() -> None:
    """Load every view, and spare all that a start makes from garbage collection, whose passes would stall pages."""
    _ = get_resolver().url_patterns
    gc.collect()
    gc.freeze()


application = get_wsgi_application()
_settle()
