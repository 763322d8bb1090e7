"""The outside systems, imitated over real HTTP: plain ASGI, one process, one event loop."""
