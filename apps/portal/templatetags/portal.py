"""The design's small parts as tags: icon, state, time."""

from __future__ import annotations

import re

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from apps.portal.words import Badge, Moment

MASKED = re.compile(r"(?<![\w-])masked(?![\w-])")

register = template.Library()


@register.simple_tag
def icon(name: str, size: str = "") -> SafeString:
    """One symbol of templates/portal/icons.html."""
    classes = f"icon icon-{size}" if size else "icon"
    return format_html('<svg class="{}" aria-hidden="true" focusable="false"><use href="#i-{}"/></svg>', classes, name)


@register.simple_tag
def state(badge: Badge, shape: str = "") -> SafeString:
    """A state: icon, word and small print in its tone."""
    classes = f"state state-{shape}" if shape else "state"
    small = format_html(" <small>{}</small>", badge.small) if badge.small else ""
    return format_html(
        '<span class="{}" data-tone="{}">{}{}{}</span>', classes, badge.tone, icon(badge.icon), badge.word, small
    )


@register.simple_tag
def when(moment: Moment | None) -> SafeString | str:
    """A time, exact for machines and under the pointer."""
    if moment is None:
        return ""
    return format_html('<time datetime="{}" title="{}">{}</time>', moment.iso, moment.title, moment.text)


@register.filter
def marked(text: str) -> SafeString:
    """A payload with what was masked in it set apart."""
    return format_html_join(mark_safe("<mark>masked</mark>"), "{}", ((part,) for part in MASKED.split(text)))
