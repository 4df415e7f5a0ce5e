"""What of the registered absence an outcome counts, where that is not every day of its types. One statement a measure.

A statement reads ``absent``: one row per pupil and school day with absence of the outcome's types (``pupil_key, school_year,
school_id, grade, day_on, number, days``). ``number`` counts the days the school is open, so that neither weekend nor holiday
breaks a spell; ``days`` is the share of the day. It gives back the rows that count, ``school_id, grade, day_on, days``.
An outcome of a new kind is one entry here and one block ``[[outcomes]]`` in the protocol; which weeks are told day by day is
:mod:`evaluation.panel.measured`'s.
"""

from __future__ import annotations

from collections.abc import Mapping

DAYS = "days"
"""Every day of the outcome's types, which totals can tell as well."""

MEASURES: Mapping[str, str] = {
    # Spells of one day only. Consecutive numbers less their own order are one number.
    "single_day_spells": """
SELECT school_id, grade, day_on, days
FROM (SELECT school_id, grade, day_on, days, COUNT(*) OVER (PARTITION BY pupil_key, school_year, school_id, island) AS length
      FROM (SELECT *, number - ROW_NUMBER() OVER (PARTITION BY pupil_key, school_year, school_id ORDER BY number) AS island
            FROM absent) AS numbered) AS spells
WHERE length = 1
""",
}
