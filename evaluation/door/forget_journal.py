"""A SQLite database as it is with the changes that still stand in the file beside it (its write-ahead log).

While a program has a database open, and after one that was killed, the database file alone may be half of the truth, or no
database at all. Source of the format: https://www.sqlite.org/fileformat2.html, section 4.
"""

from __future__ import annotations

import struct

_MAGIC = (0x377F0682, 0x377F0683)
_HEAD, _FRAME = struct.Struct(">8I"), struct.Struct(">6I")


def with_journal(database: bytes, journal: bytes) -> bytes:
    """The database with every committed change; as it is where the journal holds none."""
    if len(journal) < _HEAD.size:
        return database
    magic, _, size, _, *salt, _, _ = _HEAD.unpack_from(journal)
    if magic not in _MAGIC or size < 512:
        return database
    waiting: dict[int, int] = {}
    committed: dict[int, int] = {}
    pages = 0
    for at in range(_HEAD.size, len(journal) - _FRAME.size - size + 1, _FRAME.size + size):
        page, after, *mine, _, _ = _FRAME.unpack_from(journal, at)
        if mine != salt:
            break  # of an earlier round of the file
        waiting[page] = at + _FRAME.size
        if after:
            pages = after
            committed |= waiting
            waiting = {}
    if not pages:
        return database
    whole = bytearray(database[: pages * size].ljust(pages * size, b"\0"))
    for page, at in committed.items():
        if page <= pages:
            whole[(page - 1) * size : page * size] = journal[at : at + size]
    return bytes(whole)
