"""The API's page for people: Swagger UI from our own files, its script apart, so that no page needs an inline one."""

from __future__ import annotations

from drf_spectacular.views import SpectacularSwaggerSplitView


class Page(SpectacularSwaggerSplitView):  # type: ignore[misc]
    url_name = "api:schema"
    template_name = "api/docs.html"
    throttle_classes = ()
