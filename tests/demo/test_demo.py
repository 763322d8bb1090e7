"""`make demo` as it runs: what it prints is so, what is killed or frozen comes back, what ends ends clean."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx
import pytest

from apps.demo import invariants, scenario
from apps.demo.sandbox import Sandbox
from tests.sandbox_process import ROOT, free_port

SECONDS = 120
BEAT = "1.2"
"""Six missed beats are seven seconds: longer than a worker takes to start on a busy machine."""


@dataclass
class Demo:
    """A running demo: its supervisor, its addresses and what it printed."""

    supervisor: subprocess.Popen[bytes]
    folder: Path
    port: int
    sandbox_port: int
    output: Path
    met: int = 0

    @property
    def web(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @cached_property
    def sandbox(self) -> Sandbox:
        return Sandbox(f"http://127.0.0.1:{self.sandbox_port}")

    @property
    def printed(self) -> str:
        return self.output.read_text()

    def service(self, name: str) -> int:
        """The pid of the first process of a service; it leads its group. 0 between two of them."""
        found = [pid for pid in children(self.supervisor.pid) if MARKS[name] in command(pid)]
        return found[0] if found else 0

    def arrive(self) -> None:
        """Someone new is added to a Project, and comes to Greenhouse."""
        self.met += 1
        someone = scenario.person(5000 + self.met)
        project = self.sandbox.state("linkedin")["projects"][0]["id"]
        self.sandbox.act("linkedin", "add_to_project", project=project, people=[someone], by="urn:li:seat:52")
        slug = someone["url"].rsplit("/", 1)[-1]
        wait(lambda: any(slug in invariants.slugs_of(row) for row in self.sandbox.state("greenhouse")["candidates"]))

    def replaced(self, name: str, before: int) -> None:
        wait(lambda: self.service(name) not in (0, before))


MARKS = {"sandbox": "apps.sandbox", "web": "gunicorn", "worker": "qcluster"}


def wait(condition: Callable[[], Any]) -> None:
    end = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < end, "what was waited for did not come"
        time.sleep(0.1)


def children(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def family(pid: int) -> set[int]:
    return {pid}.union(*(family(child) for child in children(pid)))


def command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except FileNotFoundError:
        return ""


def runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def postmaster(folder: Path) -> int:
    try:
        return int((folder / "postgres" / "postmaster.pid").read_text().split()[0])
    except (FileNotFoundError, IndexError):
        return 0


def begin(folder: Path, *, port: int = 0, sandbox_port: int = 0) -> Demo:
    """Start the command and wait for what it prints when everything is there."""
    port, sandbox_port = port or free_port(), sandbox_port or free_port()
    ports = {"PORT": str(port), "SANDBOX_PORT": str(sandbox_port)}
    own = {"SYNCPORTAL_DATA": str(folder), "SYNCPORTAL_BEAT_SECONDS": BEAT, "Q_WORKERS": "2", "PYTHONUNBUFFERED": "1"}
    inherited = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "LOG_LEVEL")}
    output = folder / "printed.txt"
    folder.mkdir(exist_ok=True)
    with output.open("w") as out:
        supervisor = subprocess.Popen(
            [sys.executable, "manage.py", "demo"],
            cwd=ROOT,
            env={**inherited, **own, **ports},
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return Demo(supervisor, folder, port, sandbox_port, output)


def begun(folder: Path, **ports: int) -> Demo:
    demo = begin(folder, **ports)
    wait(lambda: "Ctrl-C stops everything" in demo.printed or demo.supervisor.poll() is not None)
    assert demo.supervisor.poll() is None, demo.printed
    return demo


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    made = begun(tmp_path_factory.mktemp("demo") / "var")
    yield made
    made.supervisor.terminate()
    made.supervisor.wait(SECONDS)


def test_each_printed_login_signs_in_at_the_printed_address(demo: Demo) -> None:
    address = re.search(r"runs at (\S+)/ ", demo.printed)
    password = re.search(r"password '(\S+)'", demo.printed)
    assert address and password

    for email in re.findall(r"\S+@\S+", demo.printed):
        with httpx.Client(base_url=address[1], follow_redirects=True, trust_env=False) as visitor:
            visitor.get("/accounts/login/")
            given = {"login": email, "password": password[1], "csrfmiddlewaretoken": visitor.cookies["csrftoken"]}
            answer = visitor.post("/accounts/login/", data=given)

            assert answer.url.path == "/", email
            assert "<h1>Overview</h1>" in re.sub(r"<h1[^>]*>", "<h1>", answer.text), email


def test_only_what_a_newcomer_needs_is_printed(demo: Demo) -> None:
    address, password, *logins, end = demo.printed.strip().partition("Ctrl-C stops everything.")[0].splitlines()

    assert address.startswith("SyncPortal runs at")
    assert password.startswith("Sign in, password")
    assert [line for line in logins if not re.search(r"^  .+ \S+@\S+\.test$", line)] == []
    assert end.startswith("Recruiters add people")


def test_people_move_by_themselves(demo: Demo) -> None:
    wait(lambda: any(row["stage"] != "Contacted" for row in demo.sandbox.state("linkedin")["profiles"]))


def test_each_of_the_three_companies_brings_its_people_into_its_own_ats(demo: Demo) -> None:
    def arrived() -> bool:
        lever, bullhorn = demo.sandbox.state("lever"), demo.sandbox.state("bullhorn")
        from_linkedin = [row for row in lever["opportunities"] if row["sources"] == ["LinkedIn"]]
        return bool(from_linkedin and bullhorn["JobSubmission"] and demo.sandbox.state("greenhouse")["applications"])

    wait(arrived)

    lever = demo.sandbox.state("lever")
    assert {row["owner"] for row in lever["opportunities"] if row["sources"]} <= {user["id"] for user in lever["users"]}


def test_a_killed_worker_is_replaced(demo: Demo) -> None:
    before = demo.service("worker")

    os.kill(before, signal.SIGKILL)

    demo.replaced("worker", before)
    demo.arrive()


def test_a_worker_that_looks_alive_but_makes_no_progress_is_replaced(demo: Demo) -> None:
    before = demo.service("worker")

    os.killpg(before, signal.SIGSTOP)

    demo.replaced("worker", before)
    demo.arrive()
    assert '"why": "no progress"' in demo.printed


def test_a_killed_web_is_started_again(demo: Demo) -> None:
    before = demo.service("web")

    os.killpg(before, signal.SIGKILL)

    demo.replaced("web", before)
    wait(lambda: reaches(f"{demo.web}/healthz"))


def reaches(address: str) -> bool:
    try:
        return httpx.get(address, timeout=5, trust_env=False).is_success
    except httpx.TransportError:
        return False


def test_a_killed_postgres_is_started_again_and_work_goes_on(demo: Demo) -> None:
    before = postmaster(demo.folder)

    os.kill(before, signal.SIGKILL)

    wait(lambda: postmaster(demo.folder) not in (0, before))
    demo.arrive()
    wait(lambda: reaches(f"{demo.web}/healthz"))


def test_a_second_demo_on_the_same_folder_is_refused_in_a_sentence(demo: Demo) -> None:
    second = begin(demo.folder)
    second.supervisor.wait(SECONDS)

    assert second.supervisor.returncode == 1
    assert "A demo already runs on" in second.printed
    assert "Traceback" not in second.printed


def test_a_port_in_use_is_told_in_a_sentence(demo: Demo, tmp_path: Path) -> None:
    second = begin(tmp_path / "var", port=demo.port)
    second.supervisor.wait(SECONDS)

    assert second.supervisor.returncode == 1
    assert f"Port {demo.port} is in use" in second.printed
    assert "Traceback" not in second.printed
    assert postmaster(second.folder) == 0


def test_it_begins_again_after_a_kill_and_ends_clean(demo: Demo) -> None:
    orphans = family(demo.supervisor.pid)
    demo.supervisor.kill()
    demo.supervisor.wait()

    again = begun(demo.folder, port=demo.port, sandbox_port=demo.sandbox_port)
    demo.supervisor = again.supervisor
    wait(lambda: not any(runs(pid) for pid in orphans))
    everyone = family(again.supervisor.pid) | {postmaster(again.folder)}
    os.kill(again.supervisor.pid, signal.SIGINT)

    assert again.supervisor.wait(SECONDS) == 0
    assert not [command(pid) for pid in everyone if runs(pid)]
    assert "Traceback" not in again.printed
