"""The app's own settings, with a bare view beside its receivers."""

from syncportal.settings import *  # noqa: F403

ROOT_URLCONF = "benchmarks.urls"
