"""Run the sandbox: python -m apps.sandbox --port 9000 [--host 127.0.0.1] [--scenario NAME] [--seed N]."""

from __future__ import annotations

import argparse

import uvicorn

from apps.sandbox import kernel, server


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m apps.sandbox", description="The outside systems, imitated.")
    parser.add_argument("--port", type=int, default=9000)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--scenario", default="default")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    world = kernel.new_world(asked.scenario, asked.seed)
    uvicorn.run(
        server.Server(world),
        host=asked.host,
        port=asked.port,
        http="h11",
        ws="none",
        access_log=False,
        log_level="warning",
        timeout_keep_alive=60,
        server_header=False,
    )


if __name__ == "__main__":
    main()
