"""Which engine runs the statements over the tables: DuckDB in this process, or the Spark that is set."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from evaluation.errors import InputError, Problem
from evaluation.tables.relations import Embedded, use
from evaluation.words.texts import texts
from pipelines.settings import EMBEDDED, Settings
from pipelines.sweep import SPREAD, working_aside

TEXT = texts("running")
ADDRESS = re.compile(r"local(\[.+\])?|yarn|(spark|k8s)://.+")
"""Where Spark may be: on this machine, or a cluster's address as Spark writes it."""


@contextmanager
def engine_of(settings: Settings) -> Iterator[None]:
    """The engine that is set, for the length of a block: Spark is started with it and ends with it.

    Raises:
        InputError: the setting is neither DuckDB nor an address.
        EnvironmentProblem: Spark cannot be started.
    """
    if settings.engine == EMBEDDED:
        yield
        return
    if not ADDRESS.fullmatch(settings.engine):
        raise InputError(
            TEXT("engines_unknown"),
            [
                Problem(
                    "KOMGLAD_ENGINE",
                    found=settings.engine,
                    expected=TEXT("engines_expected"),
                    next_step=TEXT("engines_next"),
                )
            ],
        )
    from evaluation.tables.spark import Spark

    with working_aside(settings.data, SPREAD) as scratch:
        spark = Spark.start(settings.engine, scratch)
        use(spark)
        try:
            yield
        finally:
            use(Embedded())
            spark.stop()
