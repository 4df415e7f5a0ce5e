"""Ctrl-C and Ctrl-D as a terminal sends them, while a command works and while it asks: 130, one sentence, no change."""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from pathlib import Path

import pytest

from tests.acceptance.test_commands import PROGRAM, ROUND, contents
from tests.conftest import KEY

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name == "nt", reason="a pseudo-terminal is POSIX"),
]

SENTENCE = "komglad: afbrudt, intet udgivet"
CTRL_C, CTRL_D = b"\x03", b"\x04"


def at_a_terminal(data: Path, *tokens: str, when: bytes | float, key: bytes) -> tuple[int, str]:
    """Exit code and screen of a command; ``key`` is pressed when ``when`` is on the screen, or after so many seconds."""
    import pty

    child, terminal = pty.fork()
    if child == 0:
        for number in (signal.SIGINT, signal.SIGHUP):  # a suite behind ``nohup`` or ``&`` has turned them off
            signal.signal(number, signal.SIG_DFL)
        more = {"KOMGLAD_KEY": KEY, "KOMGLAD_STUDY": "demo_kommune", "KOMGLAD_DATA": str(data)}
        os.execve(sys.executable, [sys.executable, "-c", PROGRAM, *tokens], {**os.environ, **more})
    shown, began, is_pressed = b"", time.monotonic(), False
    while time.monotonic() < began + 60:
        if select.select([terminal], [], [], 0.05)[0]:
            try:
                shown += os.read(terminal, 65536)
            except OSError:  # Linux says so when the other side has closed
                break
        is_due = when in shown if isinstance(when, bytes) else time.monotonic() > began + when
        if is_due and not is_pressed:
            time.sleep(0.2)
            os.write(terminal, key)
            is_pressed = True
    else:
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    os.close(terminal)
    return os.waitstatus_to_exitcode(status), shown.decode("utf-8", "replace")


@pytest.fixture
def asked(tmp_path: Path) -> Path:
    """A folder with something to purge."""
    data = tmp_path / "data"
    (data / "incoming" / "fjord").mkdir(parents=True, mode=0o700)
    (data / "incoming" / "fjord" / "a.csv").write_text("x\n", encoding="utf-8")
    return data


@pytest.mark.parametrize("key", [CTRL_C, CTRL_D], ids=["ctrl-c", "ctrl-d"])
@pytest.mark.parametrize(
    ("tokens", "question"), [(("forget",), b"CPR"), (("purge", "--keep-key"), b"demo_kommune")]
)
def test_a_question_that_is_left(asked: Path, key: bytes, tokens: tuple[str, ...], question: bytes) -> None:
    before = contents(asked)
    code, shown = at_a_terminal(asked, *tokens, when=question, key=key)
    assert (code, shown.count(SENTENCE)) == (130, 1), shown
    assert "Traceback" not in shown
    assert contents(asked) == before


@pytest.mark.parametrize("after", [0.1, 1.0, 3.0])
@pytest.mark.parametrize("tokens", [("check", ROUND), ("run", ROUND)], ids=lambda t: t[0])
def test_a_command_that_is_interrupted(demonstration, tmp_path: Path, tokens, after: float) -> None:
    import shutil

    data = tmp_path / "data"
    shutil.copytree(demonstration.folder / "incoming", data / "incoming")
    code, shown = at_a_terminal(data, *tokens, when=after, key=CTRL_C)
    assert (code, shown.count(SENTENCE)) == (130, 1), shown
    assert "Traceback" not in shown
    assert not [p for p in data.rglob(".*") if p.name.startswith((".check-", ".verify-"))]
    assert not [p for p in data.rglob(".*") if p.suffix in {".tmp", ".new", ".part", ".spill"}]
