"""``komglad ui`` as a person starts it: a process, its address, and questions to its GraphQL as a browser puts them."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tests.conftest import KEY

PROGRAM = [sys.executable, "-c", "from pipelines.entry import main; main()"]
SELECTOR = {"repositoryLocationName": "komglad", "repositoryName": "__repository__"}
LAUNCH = """
mutation ($params: ExecutionParams!) { launchRun(executionParams: $params) {
  __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message }
  ... on RunConfigValidationInvalid { errors { message } } } }
"""
RUNS = "{ runsOrError { ... on Runs { results { runId status tags { key value } } } } }"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(what: str, found: Callable[[], Any], seconds: float = 240) -> Any:
    """What ``found`` gives once it gives something."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if answer := found():
            return answer
        time.sleep(0.3)
    raise AssertionError(f"{what} did not come within {seconds} seconds")


def processes_of(data: Path) -> dict[int, bytes]:
    """Every process that was started for a data folder, with its environment; Linux tells."""
    found = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) != os.getpid():
            try:
                environment = (folder / "environ").read_bytes()
                is_ended = (folder / "stat").read_text().rpartition(")")[2].split()[0] == "Z"
            except OSError:
                continue
            if f"KOMGLAD_DATA={data}\0".encode() in environment and not is_ended:
                found[int(folder.name)] = environment
    return found


class DagsterPage:
    """A page that is open until it is stopped."""

    def __init__(
        self,
        data: Path,
        key_file: Path,
        *,
        wait: bool = True,
        program: Sequence[str] = PROGRAM,
        cwd: Path | None = None,
    ) -> None:
        key_file.write_text(KEY)
        key_file.chmod(0o600)
        self.data, self.port, self.said = data, free_port(), key_file.with_name("stderr.txt")
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("KOMGLAD_", "DAGSTER_"))}
        self.environment = environment | {
            "KOMGLAD_STUDY": "demo_kommune",
            "KOMGLAD_DATA": str(data),
            "KOMGLAD_KEY_FILE": str(key_file),
        }
        self.process = subprocess.Popen(
            [*program, "ui", "--port", str(self.port)],
            env=self.environment,
            cwd=cwd,
            stdout=subprocess.DEVNULL,
            stderr=self.said.open("w"),
            start_new_session=True,
        )
        if wait:
            wait_for("the page's address", self._is_up)

    def _is_up(self) -> bool:
        assert self.process.poll() is None, self.said.read_text()
        return (self.data / "dagster" / "page-address").exists() and self._answers()

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    @property
    def address(self) -> str:
        return (self.data / "dagster" / "page-address").read_text().strip()

    @property
    def token(self) -> str:
        return self.address.partition("token=")[2]

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """The data of one question."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/graphql",
            data=json.dumps({"query": query, "variables": variables}).encode(),
            headers={
                "Content-Type": "application/json",
                "Origin": f"http://127.0.0.1:{self.port}",
                "Cookie": f"komglad_{self.port}={self.token}",
            },
        )
        with urllib.request.urlopen(request, timeout=120) as answer:
            found = json.loads(answer.read())
        assert "errors" not in found, found
        return found["data"]

    def launch(self, round_id: str, assets: list[str] | None = None) -> str:
        """Start a round, or some of its assets, as the page's button does; returns the run's id."""
        selection = {"assetSelection": [{"path": [a]} for a in assets]} if assets else {}
        params = {
            "selector": {**SELECTOR, "pipelineName": "report_round", **selection},
            "executionMetadata": {"tags": [{"key": "dagster/partition", "value": round_id}]},
        }
        answer = self.ask(LAUNCH, params=params)["launchRun"]
        assert answer["__typename"] == "LaunchRunSuccess", answer
        return answer["run"]["runId"]

    def runs(self) -> dict[str, dict[str, Any]]:
        """Every run by its id."""
        return {r["runId"]: r for r in self.ask(RUNS)["runsOrError"]["results"]}

    def status(self, run_id: str) -> str:
        return self.runs()[run_id]["status"]

    def ended(self, run_id: str) -> str:
        """How a run ended."""
        return wait_for(
            f"the end of run {run_id}",
            lambda: (
                self.status(run_id) if self.status(run_id) in {"SUCCESS", "FAILURE", "CANCELED"} else None
            ),
        )

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        """Send a signal; returns the exit code and what was said on stderr."""
        if self.process.poll() is None:
            os.kill(self.process.pid, number)
        self.process.wait(timeout=60)
        return self.process.returncode, self.said.read_text(encoding="utf-8")

    def ended_by_itself(self) -> tuple[int, str]:
        """Exit code and what was said, of a page that does not wait to be stopped."""
        self.process.wait(timeout=240)
        return self.process.returncode, self.said.read_text(encoding="utf-8")
