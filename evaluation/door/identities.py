"""Who a row is about: pupil keys from CPR numbers, from a system's own numbers and from names, by way of the rosters.

Here is the only place where an identifier becomes a key; what else a row says is :mod:`~evaluation.door.fields`.
"""

from __future__ import annotations

import unicodedata

import numpy as np
import pandas as pd

from evaluation.door.cpr import parse_cpr
from evaluation.door.fields import Fields
from evaluation.door.values import by_distinct, full_name, parse_class

PUPIL, LOCAL, NAME, HOLDER = "pupil", "local-id", "pupil-name", "holder"
"""Purposes of pseudonyms: one subkey each."""
AMBIGUOUS = ""
"""What the rosters tie a name to that several pupils of a school have."""


def pupil_of(f: Fields, school: np.ndarray) -> np.ndarray:
    """Pupil keys (n,): of the CPR number, or of the local id by way of the roster; never of a forgotten pupil."""
    keys = pupil_keys(f, school)
    if f.desk.forgotten:
        gone = pd.Series(keys, dtype="object").isin(f.desk.forgotten).to_numpy(dtype=bool)
        f.quarantine_rows("pupil", gone, "forgotten", found="a pupil whose data were withdrawn")
    return keys


def pupil_keys(f: Fields, school: np.ndarray) -> np.ndarray:
    """Pupil keys (n,), forgotten or not."""
    spec = f.source.mapping.columns["pupil"]
    if spec.kind == "name":
        return _keys_of_names(f, school)
    if spec.kind != "local":
        numbers = f.parse("pupil", parse_cpr, is_person=True)
        return f.desk.key.pseudonyms(PUPIL, pd.Series(numbers, dtype="object")).to_numpy(dtype=object)
    tokens = local_tokens(f, "pupil", school)
    keys = pd.Series(tokens, dtype="object").map(dict(f.desk.local_ids)).to_numpy(dtype=object, copy=True)
    several = (keys == AMBIGUOUS) & ~f.is_bad
    unknown = pd.isna(keys) & ~f.is_bad
    f.quarantine_rows("pupil", several, "ambiguous_id", found="a pupil id that several pupils have")
    f.quarantine_rows("pupil", unknown, "unknown_pupil", found="a pupil id that no roster has")
    keys[several] = None
    return keys


def _keys_of_names(f: Fields, school: np.ndarray) -> np.ndarray:
    """By name within the school's rosters; by name and class where namesakes would be confused."""
    names = f.parse("pupil", lambda t: (full_name(t), None) if t else (None, "empty_value"), is_person=True)
    known = dict(f.desk.local_ids)
    keys = name_tokens(f, school, names).map(known)
    if f.has("class") and keys.eq(AMBIGUOUS).any():
        keys = keys.where(keys.ne(AMBIGUOUS), name_tokens(f, school, names, class_labels(f)).map(known))
    found = keys.to_numpy(dtype=object, copy=True)
    several = keys.eq(AMBIGUOUS).to_numpy(dtype=bool) & ~f.is_bad
    unknown = pd.isna(found) & ~f.is_bad
    f.quarantine_rows("pupil", several, "ambiguous_name", found="a name that several pupils have")
    if unknown.any():
        near = np.zeros(len(unknown), dtype=bool)
        at = np.flatnonzero(unknown)
        near[at] = name_tokens(f, school[at], near_names(names[at])).isin(known.keys()).to_numpy(dtype=bool)
        f.quarantine_rows(
            "pupil", near, "near_name", found="a name that no roster has; nearly the same one stands there"
        )
        unknown &= ~near
    f.quarantine_rows("pupil", unknown, "unknown_pupil", found="a name that no roster has")
    found[several] = None
    return np.asarray(found, dtype=object)


def name_tokens(
    f: Fields, school: np.ndarray, names: np.ndarray, labels: np.ndarray | None = None
) -> pd.Series:
    """Keyed (school, name) or (school, class, name) (n,), missing where a part is."""
    parts = pd.Series(school.astype(str), dtype="object") + "/" + pd.Series(names, dtype="object")
    if labels is not None:
        parts = parts + "/" + pd.Series(labels, dtype="object")
    return f.desk.key.pseudonyms(NAME, parts).astype("object")


def near_names(names: np.ndarray) -> np.ndarray:
    """Names (n,) as they are compared for likeness: the first and the last word, without accents, letters written alike."""
    return pd.Series(names, dtype="object").map(_near, na_action="ignore").to_numpy(dtype=object)


def _near(name: str) -> str:
    words = name.replace("-", " ").split()
    ends = " ".join([words[0], words[-1]] if len(words) > 1 else words)
    plain = ends.replace("æ", "ae").replace("ø", "oe").replace("å", "aa")
    return "~" + "".join(c for c in unicodedata.normalize("NFD", plain) if not unicodedata.combining(c))


def class_labels(f: Fields) -> np.ndarray:
    """Tidy class labels (n,) without any judgement of them; None where there is none."""
    parsed = by_distinct(f.text("class"), lambda t: (parse_class(t)[1], None))
    return parsed.values


def local_tokens(f: Fields, name: str, school: np.ndarray) -> np.ndarray:
    """Keyed (school, local id) pairs (n,): what ties a system's own pupil number to the roster."""
    return _local(
        f, f.parse(name, lambda t: (t, None) if t else (None, "empty_value"), is_person=True), school
    )


def further_tokens(f: Fields, column: str, school: np.ndarray) -> np.ndarray:
    """The same for one of several columns of ids; not every pupil is known to every system."""
    return _local(f, by_distinct(f.chunk.frame[column], lambda t: (t or None, None)).values, school)


def _local(f: Fields, ids: np.ndarray, school: np.ndarray) -> np.ndarray:
    pairs = pd.Series(school.astype(str), dtype="object") + "/" + pd.Series(ids, dtype="object")
    return f.desk.key.pseudonyms(LOCAL, pairs).to_numpy(dtype=object)
