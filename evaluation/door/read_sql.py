"""Reading a query in bulk from any database SQLAlchemy has a dialect for; rows are streamed from the server."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from typing import Any

import numpy as np
import pandas as pd

from evaluation.door.chunks import Chunk, Reading, check_header
from evaluation.door.files import Incoming
from evaluation.errors import EnvironmentProblem, InputError, Problem

PIECE_ROWS = 100_000


def read_sql(
    source: Incoming, addresses: Mapping[str, str], stack: ExitStack
) -> tuple[Reading, Callable[[], str]]:
    """Open the mapping's query. Returns the reading and a function giving the SHA-256 of all rows read.

    Raises:
        EnvironmentProblem: the address is not set, or the server cannot be reached; the address is never shown.
        InputError: the query fails or has other columns than the mapping.
    """
    import sqlalchemy as sa

    mapping = source.mapping
    assert mapping.sql is not None  # the model refuses sql without it
    address = addresses.get(mapping.sql.address_env)
    if not address:
        raise EnvironmentProblem(
            f"{source.name}: no database address",
            [Problem(source.name, found=f"the environment variable {mapping.sql.address_env} is not set",
                     rule="sql_address", next_step="set it to an SQLAlchemy address before running")],
        )  # fmt: skip
    try:
        engine = sa.create_engine(address, pool_pre_ping=False, hide_parameters=True)
        stack.callback(engine.dispose)
        connection = stack.enter_context(
            engine.connect().execution_options(stream_results=True, max_row_buffer=PIECE_ROWS)
        )
    except (sa.exc.SQLAlchemyError, ImportError, ValueError) as error:
        raise EnvironmentProblem(
            f"{source.name}: the database cannot be reached",
            [Problem(source.name, found=type(error).__name__, rule="sql_connect",
                     next_step=f"check the address in {mapping.sql.address_env}")],
        ) from None  # fmt: skip
    try:
        result = connection.execute(sa.text(mapping.sql.query))
    except sa.exc.SQLAlchemyError as error:
        raise InputError(
            f"{source.name}: the query fails",
            [
                Problem(
                    source.name,
                    found=type(error).__name__,
                    rule="sql_query",
                    next_step="try the query by hand",
                )
            ],
        ) from None
    header = check_header(list(result.keys()), mapping, source.name)
    digest = hashlib.sha256()
    return Reading((), header, _chunks(result, header, mapping.decimal, digest)), digest.hexdigest


def _chunks(result: Any, header: tuple[str, ...], decimal: str, digest: Any) -> Iterator[Chunk]:
    number = 1
    for rows in result.partitions(PIECE_ROWS):
        columns = list(zip(*rows, strict=True))
        frame = pd.DataFrame({c: _texts(values, decimal) for c, values in zip(header, columns, strict=True)})
        digest.update(frame.to_csv(index=False).encode())
        yield Chunk(frame, np.arange(number, number + len(frame), dtype=np.int64))
        number += len(frame)


def _texts(values: tuple[Any, ...], decimal: str) -> pd.Series:
    """Database values as text: days in ISO form, numbers with the mapping's decimal sign."""
    codes, uniques = pd.factorize(np.array(values, dtype=object))
    texts = [_text(u, decimal) for u in uniques]
    return pd.Series(np.array([*texts, None], dtype=object)[codes], dtype="str")


def _text(value: Any, decimal: str) -> str | None:
    if isinstance(value, dt.datetime):
        return value.date().isoformat()
    if isinstance(value, (dt.date, bool)):
        return str(value)
    if isinstance(value, (int, str)):
        return str(value).strip() or None
    text = format(value, "f") if hasattr(value, "as_tuple") else str(value)
    return text.rstrip("0").rstrip(".").replace(".", decimal) if "." in text else text
