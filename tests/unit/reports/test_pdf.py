"""What the browser leaves in a printed file by chance is taken out, byte for byte as long as before."""

from __future__ import annotations

import datetime as dt

from evaluation.reports.pdf import dated, renumbered


def test_names_of_the_structure_begin_at_one_wherever_the_browser_began():
    early = b"/ID (node00000007)>> /ID (node00000009)>> [(node00000007) 3 0 R]"
    late = b"/ID (node00000452)>> /ID (node00000454)>> [(node00000452) 3 0 R]"
    assert renumbered(early) == renumbered(late)
    assert renumbered(late) == b"/ID (node00000001)>> /ID (node00000002)>> [(node00000001) 3 0 R]"


def test_times_become_the_date():
    printed = b"/CreationDate (D:20261130145103+00'00')"
    assert dated(printed, dt.date(2026, 11, 27)) == b"/CreationDate (D:20261127000000+00'00')"
