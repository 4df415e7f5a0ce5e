"""What the interview tests share: the study's codebook, read once, and a reader bound to it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import factories

from evaluation.codebooks import Codebook
from evaluation.interviews.readers import read_segments
from evaluation.interviews.segments import SegmentBatch


@pytest.fixture(scope="session")
def book() -> Codebook:
    return factories.codebook()


@pytest.fixture
def read(book: Codebook) -> Any:
    def reader(path: Path, **options: Any) -> SegmentBatch:
        return read_segments(path, codebook=book, key=factories.KEY, **options)

    return reader
