"""A demonstration begins anew, also where an earlier version of komglad left one."""

from __future__ import annotations

import datetime as dt

import pytest

from evaluation.errors import KomgladError
from evaluation.study import load_study
from pipelines.demonstration import STUDY, clear
from pipelines.frozen import freeze_protocol


def test_a_plan_frozen_by_an_earlier_version_does_not_stop_the_next_demonstration(tmp_path):
    protocol = load_study(STUDY).protocol
    earlier = protocol.model_copy(update={"verdict": protocol.verdict.model_copy(update={"alpha": 0.01})})
    day = dt.date(2026, 9, 1)
    own = tmp_path / "notes.txt"
    own.write_text("not ours", encoding="utf-8")
    freeze_protocol(tmp_path, earlier, day)
    with pytest.raises(KomgladError, match="frozen"):
        freeze_protocol(tmp_path, protocol, day)
    clear(tmp_path)
    freeze_protocol(tmp_path, protocol, day)
    assert own.read_text(encoding="utf-8") == "not ours"
