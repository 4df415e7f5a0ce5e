"""What arrives of interviews and forms for a round: files with their side tables, the register's word on each, the ledger.

Here files meet the door (its key, its register of consents, its list of the forgotten); how a format is read and what a
word means is :mod:`evaluation.interviews`' matter. Nothing here knows a name past its return.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from evaluation.codebooks import Codebook, load_codebook
from evaluation.disclosure.names import NameMatcher
from evaluation.disclosure.text import scan_text
from evaluation.door.consent import IN_FORCE, consents_in_force
from evaluation.door.consent import WITHDRAWN as TAKEN_BACK
from evaluation.door.cpr import parse_cpr
from evaluation.door.files import export_date, find_incoming
from evaluation.door.identities import PUPIL
from evaluation.door.intake import Intake
from evaluation.door.mapping import Mapping as Source
from evaluation.door.mapping import read_mappings
from evaluation.door.pseudonyms import PseudonymKey
from evaluation.door.readers import open_source
from evaluation.door.values import clean
from evaluation.errors import InputError, KomgladError, Problem
from evaluation.interviews.attributes import CONSENT, MISSING, WITHDRAWN, DocumentAttributes, slug
from evaluation.interviews.combine import combine
from evaluation.interviews.consent import with_valid_consent
from evaluation.interviews.forms import FormBatch, read_school_form
from evaluation.interviews.readers import read_segments
from evaluation.interviews.segments import SegmentBatch, pseudonym
from evaluation.interviews.side_tables import SideTable, is_side_table, read_side_table, side_tables_of
from evaluation.interviews.themes import PUPILS
from evaluation.interviews.understanding import CODER, DIRECTION
from evaluation.legal_basis import INTERVIEWS
from evaluation.protocol import Round
from evaluation.study import Study
from evaluation.tables import table
from evaluation.words.texts import texts

TEXT = texts("running")


REMOVED = TEXT("voices_intake_removed")
"""Stands where a segment's words would have let a name, number or address past the door."""
NOT_STATED = "ikke_oplyst"
"""A document of which nobody says anything on consent, in the summary of a file."""


@dataclass(frozen=True)
class UnderstoodVoices:
    """What was understood of one file of interviews; for the analyst's own eyes. ``consent``: word → documents."""

    file: str
    documents: int
    segments: int
    coders: tuple[str, ...] = field(repr=False)
    consent: Mapping[str, int]
    problems: tuple[Problem, ...]


@dataclass(frozen=True)
class Voices:
    """The raw tables of interviews and forms, quarantine and ledger rows, refused files, and what was understood."""

    tables: dict[str, pd.DataFrame]
    quarantine: list[dict[str, Any]]
    ledger: list[dict[str, Any]]
    problems: tuple[Problem, ...]
    understood: tuple[UnderstoodVoices, ...]


def read_voices(
    found: Intake, incoming: Path, study: Study, key: PseudonymKey, forgotten: Collection[str]
) -> Voices:
    """Read every file of interviews and forms that passed the door."""
    reading = _Reading(study.protocol.round(found.round_id), frozenset(forgotten), incoming, key)
    if found.interview_files or found.form_files:
        codebook = load_codebook(study.file("codebook.yaml"))
        schools = {name: s.id for s in study.protocol.schools for name in (s.name, s.short, s.id)}
        if found.interview_files:
            reading.register = _register(found, study, reading.the_round)
        for path, mapping in found.interview_files:
            reading.read_interviews(_project_of(path), mapping, codebook, schools)
        for path, mapping in found.form_files:
            reading.read_form(path, mapping, codebook, schools)
    reading.report_lonely_tables(found)
    return reading.done()


def names_behind(incoming: Path, study: Study, key: PseudonymKey) -> dict[str, str]:
    """Names of interviews and coders by pseudonym, from the inbox as it lies: for the analyst's own eyes, never kept.

    Files that cannot be read name nobody.
    """
    codebook = load_codebook(study.file("codebook.yaml"))
    names: dict[str, str] = {}
    for source in find_incoming(incoming, read_mappings(study.mappings)).sources:
        if source.mapping.kind != "interviews":
            continue
        path, options = _project_of(source.path), source.mapping.interviews
        with suppress(KomgladError, OSError):
            sides = [read_side_table(side) for side in side_tables_of(path)]
            documents = {name: about for side in sides for name, about in side.documents.items()}
            batch = read_segments(
                path, codebook=codebook, key=key.for_interviews, documents=documents, coder=options.coder,
                project=options.project, positions=options.positions, columns=options.headings,
            )  # fmt: skip
            names |= batch.names
            names |= {pseudonym(key.for_interviews, "koder", slug(name)): name for name in batch.coder_names}
    return names


def roster_names(incoming: Path, study: Study) -> tuple[str, ...]:
    """Pupils' names in the inbox's rosters, in memory only: to look for in a transcript before it is coded.

    Raises ``InputError`` for a roster that cannot be read: its pupils' names would stand.
    """
    names: set[str] = set()
    for source in find_incoming(incoming, read_mappings(study.mappings)).sources:
        if source.mapping.kind != "pupils" or "names" not in source.mapping.columns or source.mapping.sql:
            continue
        name = source.path.relative_to(incoming).as_posix()
        used = source.mapping.columns["names"].used
        try:
            with ExitStack() as stack:
                reading, _ = open_source(source, stack, {})
                for chunk in reading.chunks:
                    rows = zip(*(chunk.frame[column].fillna("") for column in used), strict=True)
                    names |= {" ".join(" ".join(str(part) for part in row).split()) for row in rows}
        except (KomgladError, OSError, EOFError, KeyError) as error:
            found = error.problems if isinstance(error, KomgladError) else ()
            problems = [replace(p, file=name) for p in found] or [Problem(name, found="cannot be read")]
            raise InputError(TEXT("voices_intake_roster_unread", name=name), problems) from None
    return tuple(sorted(names - {""}))


def without_persons(tables: dict[str, pd.DataFrame], name_tokens: Iterable[str], key: PseudonymKey) -> None:
    """Words that hold a roster name, CPR, e-mail, telephone number or address stay outside; their codes count.

    What schools write in their forms is words too.

    It is done here because here the key is at hand; past the door nobody can tell a name from a word. Such a segment
    is no approved quote, whoever marked it. Changes ``tables`` in place.
    """
    segments, words, forms = (
        tables[n] for n in ("raw_interviews", "raw_interview_texts", "raw_school_forms")
    )
    matcher = replace(NameMatcher.from_names((), key.secret), tokens=frozenset(name_tokens))

    def personal_rows(texts: pd.Series) -> pd.Series:
        return pd.Series([bool(scan_text(str(t), matcher)) for t in texts], index=texts.index, dtype=bool)

    is_personal = personal_rows(words["text"])
    personal = set(words.loc[is_personal, "segment_id"])
    is_free = ~segments["segment_id"].isin(personal)
    tables["raw_interview_texts"] = words.assign(text=words["text"].where(~is_personal, REMOVED))
    tables["raw_interviews"] = segments.assign(
        is_approved_quote=segments["is_approved_quote"].astype(bool) & is_free,
        approved_sha256=segments["approved_sha256"].where(is_free),
    )
    tables["raw_school_forms"] = forms.assign(
        value=forms["value"].where(~personal_rows(forms["value"]), REMOVED)
    )


OCCASION = "nedslag"
"""The codebook's attribute that says when an interview was held."""


QUESTIONS = frozenset(
    {
        *("unknown_attribute", "interview_school", "interview_grade", "interview_occasion", "note_of_nobody"),
        *("form_school", "form_unknown_school", "form_unknown_occasion"),
    }
)
"""What nobody but a person can settle: the round waits. A form that may be a school's newest is one of them."""


def _is_question(problem: Problem) -> bool:
    """A value in a column we know that nobody understands: what it is about is out, and the round waits for the answer."""
    is_beside = problem.rule == "unread" and problem.column in (DIRECTION, CODER)
    return problem.rule in QUESTIONS or is_beside


@dataclass
class _Reading:
    """What grows while interviews and forms are read. ``register``: pupil → the word on consent it amounts to."""

    the_round: Round
    forgotten: frozenset[str]
    incoming: Path
    key: PseudonymKey
    register: Mapping[str, str] = field(default_factory=dict, repr=False)
    batches: list[tuple[Path, SegmentBatch]] = field(default_factory=list)
    withdrawn: set[str] = field(default_factory=set)
    forms: list[tuple[Path, FormBatch, pd.DataFrame]] = field(default_factory=list)
    quarantine: list[dict[str, Any]] = field(default_factory=list)
    ledger: list[dict[str, Any]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    used_tables: dict[Path, SideTable] = field(default_factory=dict)
    unmet: dict[Path, list[frozenset[str]]] = field(default_factory=dict, repr=False)

    def read_interviews(
        self, path: Path, mapping: Source, codebook: Codebook, schools: Mapping[str, str]
    ) -> None:
        """One file of coded interviews with its side tables."""
        name, options = self._name(path), mapping.interviews
        with self._refusals(name):
            side = self._side_table(path)
            documents, more = self._judged_by_register(name, side)
            batch = read_segments(
                path,
                codebook=codebook,
                key=self.key.for_interviews,
                documents=documents,
                schools=schools,
                coder=options.coder,
                project=options.project,
                positions=options.positions,
                columns=options.headings,
                ignored=mapping.ignore,
                roles=options.variables,
                asked=options.asked,
                notes_read=options.notes_read,
            )
            for table_path in side_tables_of(path):
                self.unmet.setdefault(table_path, []).append(batch.only_in_side_table)
            if self.register:
                more += _untied(name, batch, side, self.key)
            problems = tuple(replace(p, file=name) for p in (*batch.problems, *more))
            self.batches.append(
                (path, replace(batch, segments=batch.segments.assign(source_file=name), problems=problems))
            )
            stopping = [p for p in problems if _is_question(p)]
            self.problems += stopping
            self.quarantine += [quarantined(name, p) for p in problems if p not in stopping]

    def read_form(self, path: Path, mapping: Source, codebook: Codebook, schools: Mapping[str, str]) -> None:
        """One file of a school's forms, handed in on the day its name says."""
        name, on, stated = self._name(path), export_date(path.name, mapping), mapping.school_form
        with self._refusals(name):
            form = read_school_form(
                path, codebook=codebook, schools=schools, school=stated.school, occasion=stated.occasion
            )
            asked = {(p.rule, p.expected): p for p in reversed(form.problems) if _is_question(p)}
            self.problems += [replace(p, file=name) for p in reversed(asked.values())]
            self.quarantine += [quarantined(name, p) for p in form.problems if not _is_question(p)]
            # A row without a value for each form, so that an empty one counts as handed in.
            there = pd.DataFrame(sorted(form.handed_in, key=str), columns=["form", "school_id", "occasion"])
            rows = pd.concat([form.fields, there.astype("str").where(there.notna())], ignore_index=True)
            self.forms.append((path, form, rows.assign(source_file=name, _on=str(on or dt.date.min))))

    def report_lonely_tables(self, found: Intake) -> None:
        """A side table that tells of no file: what it says, a withdrawal perhaps, would be lost."""
        projects = [_project_of(path) for path, _ in found.interview_files]
        inside = {p.parent.relative_to(self.incoming).parts[:1] for p in projects}
        there = {
            p for top in inside for p in self.incoming.joinpath(*top).glob("**/*" if top else "*")
            if is_side_table(p.name) and p.is_file()
        }  # fmt: skip
        for path in sorted(there.difference(*(side_tables_of(p) for p in projects))):
            self.problems.append(
                Problem(self._name(path), found="a side table without its file of interviews",
                        rule="side_table_alone", expected="NAME.dokumenter.csv beside NAME.…",
                        next_step="give both the same name, or take the table out")
            )  # fmt: skip
        for path, unmet in sorted(self.unmet.items()):
            name = self._name(path)
            for document in sorted(frozenset.intersection(*unmet) & self.used_tables[path].lines.keys()):
                problem = Problem(name, self.used_tables[path].lines[document], "document",
                                  "a name that no interview of its files has", "side_table_unmet",
                                  "the document's name as in the coded file",
                                  "correct the name, or nothing where the interview was not coded")  # fmt: skip
                self.quarantine.append(quarantined(name, problem))

    def done(self) -> Voices:
        """The tables, with overlapping files counted once and documents of other occasions left to their round."""
        together = combine([batch for _, batch in self.batches])
        self.quarantine += [quarantined("", p) for p in together.problems if not p.file]
        is_gone = together.segments["document_id"].isin(self.forgotten | self.withdrawn)
        gone, segments = together.segments[is_gone], together.segments[~is_gone]
        inside = segments[~outside(segments, self.the_round)]
        lost = Problem("", found="an interview that was withdrawn", rule="forgotten",
                       expected="an interview that may be used", next_step="remove it from the file")  # fmt: skip
        self.quarantine += [
            quarantined(str(name), replace(lost, line=int(row) if pd.notna(row) else None))
            for name, row in gone[["source_file", "source_row"]].drop_duplicates().itertuples(index=False)
        ]
        for path, batch in self.batches:
            name = self._name(path)
            out = int((gone["source_file"] == name).sum())
            kept_all = int((segments["source_file"] == name).sum())
            duplicate = batch.duplicates + batch.kept - kept_all - out
            balance = (batch.rows_in, batch.quarantined + out, duplicate, kept_all)
            kept = int((inside["source_file"] == name).sum())
            self.ledger.append(_ledger_row(name, "interviews", _file_of(path), balance, kept))
        documents = together.documents[
            ~together.documents["document_id"].isin(self.forgotten | self.withdrawn)
        ]
        # Nobody's words are kept without a valid consent; that there was such an interview is counted all the same.
        allowed = with_valid_consent(inside).segments
        words = together.texts[together.texts["segment_id"].isin(set(allowed["segment_id"]))]
        forms = self._latest_forms()
        if self.the_round.occasions:
            self._stop_without_occasion(allowed)
        tables = {
            "raw_interviews": inside.rename(columns={"approved_quote": "is_approved_quote"}),
            "raw_interview_documents": documents[~outside(documents, self.the_round)],
            "raw_interview_texts": words,
            "raw_school_forms": forms,
        }
        consent = dict(zip(together.documents["document_id"], together.documents["consent"], strict=True))
        understood = tuple(self._understood(path, batch, consent) for path, batch in self.batches)
        return Voices(tables, self.quarantine, self.ledger, tuple(self.problems), understood)

    def _stop_without_occasion(self, segments: pd.DataFrame) -> None:
        """An interview of no occasion would count in every round, and as said since the programme began."""
        for name, rows in segments[segments["occasion"].isna()].groupby("source_file", sort=True):
            if any(p.file == name and p.column == OCCASION for p in self.problems):
                continue
            line, documents = rows["source_row"].min(), rows["document_id"].nunique()
            self.problems.append(
                Problem(str(name), int(line) if pd.notna(line) else None, OCCASION,
                        f"{documents} document(s) that no occasion is known of", "no_occasion",
                        ", ".join(self.the_round.occasions),
                        "write it in the tool, in the file or in its side table")
            )  # fmt: skip

    def _latest_forms(self) -> pd.DataFrame:
        """Of each school's form at an occasion the one handed in last, whole; what it replaces is counted and said.

        Two of the same day that do not say the same, and a newer one in which nothing can be read, are asked about.
        """
        if not self.forms:
            return table("raw_school_forms").empty()
        everything = pd.concat([fields for _, _, fields in self.forms], ignore_index=True)
        named = everything.groupby(["form", "school_id"])["occasion"]
        only = named.transform("first").where(named.transform("nunique") == 1)
        everything["occasion"] = everything["occasion"].fillna(only)
        whose = [everything[c].fillna("") for c in ("form", "school_id", "occasion")]
        latest_on = everything.groupby(whose)["_on"].transform("max")
        rows: list[int] = []
        for _, of_school in everything.groupby(whose):
            newest = of_school[of_school["_on"] == latest_on[of_school.index]]
            said = {str(file): _said(mine) for file, mine in newest.groupby("source_file")}
            first = min(said)
            if not outside(newest, self.the_round).any():
                self._ask_about(said, has_words=bool(of_school["value"].notna().any()))
            rows.extend(newest.index[newest["source_file"].eq(first) & newest["value"].notna()])
        latest = everything.loc[sorted(rows)].drop(columns="_on")
        inside = latest[~outside(latest, self.the_round)]
        for name in (
            sorted(latest.loc[latest["occasion"].isna(), "source_file"].unique())
            if self.the_round.occasions
            else ()
        ):
            if any(p.file == name and p.rule == "form_unknown_occasion" for p in self.problems):
                continue
            self.problems.append(
                Problem(name, column=OCCASION, found="a form that no occasion is known of", rule="form_occasion",
                        expected=", ".join(self.the_round.occasions),
                        next_step="write it in the form, or in [school_form] of a mapping with the file's name")
            )  # fmt: skip
        for path, form, _ in self.forms:
            name = self._name(path)
            mine, kept = (int((f["source_file"] == name).sum()) for f in (latest, inside))
            row = _ledger_row(
                name, "school_forms", path, (form.rows_in, form.quarantined, form.duplicates, mine), kept
            )
            replaced = form.kept - mine
            self.ledger.append(row | {"rows_superseded": replaced})
            if replaced:
                found = f"{replaced} field(s) of a form that the school handed in again"
                self.quarantine.append(quarantined(name, Problem(name, found=found, rule="form_replaced")))
        return inside

    def _ask_about(self, said: Mapping[str, Collection[object]], *, has_words: bool) -> None:
        """The newest forms of a school and occasion: ``said`` by file. ``has_words``: one of them, or an older one, has."""
        newest = sorted(said)
        if any(said[name] != said[newest[0]] for name in newest):
            self.problems += [
                Problem(name, found="another form of the same school, occasion and day says something else",
                        rule="form_which", expected="one that is the newest",
                        next_step="take out the older, or write the right day in the file's name")
                for name in newest
            ]  # fmt: skip
        elif has_words and not said[newest[0]] and not any(p.file == newest[0] for p in self.problems):
            self.problems += [
                Problem(name, found="nothing that can be read, in a form that is newer than one with words",
                        rule="form_emptied", expected="words, or no older form",
                        next_step="take out the older if it is taken back, else this one")
                for name in newest
            ]  # fmt: skip

    def _understood(self, path: Path, batch: SegmentBatch, consent: Mapping[str, object]) -> UnderstoodVoices:
        words = Counter(
            str(word) if isinstance(word := consent.get(d), str) else NOT_STATED
            for d in batch.documents["document_id"]
        )
        segments = int(batch.segments["segment_id"].nunique())
        return UnderstoodVoices(
            self._name(path),
            len(batch.documents),
            segments,
            batch.coder_names,
            dict(sorted(words.items())),
            batch.problems,
        )

    def _side_table(self, path: Path) -> SideTable:
        """All side tables of a file as one; a contradiction between two stays one."""
        documents: dict[str, DocumentAttributes] = {}
        pupils: dict[str, frozenset[str]] = {}
        for side in side_tables_of(path):
            found = read_side_table(side, self._pupil_key)
            for name, about in found.documents.items():
                documents[name] = documents.get(name, DocumentAttributes()).joined(about)
            for name, keys in found.pupils.items():
                pupils[name] = pupils.get(name, frozenset()) | keys
            if side not in self.used_tables:
                balance = (found.rows, 0, 0, found.rows)
                self.ledger.append(
                    _ledger_row(self._name(side), "interview_documents", side, balance, found.rows)
                )
            self.used_tables[side] = found
        return SideTable(documents, pupils)

    def _judged_by_register(
        self, name: str, side: SideTable
    ) -> tuple[dict[str, DocumentAttributes], list[Problem]]:
        """The side table with the register's word on each document's pupils; interviews of the forgotten are noted."""
        documents = dict(side.documents)
        judged = 0
        for document, pupils in side.pupils.items():
            gone = [(CONSENT, WITHDRAWN)] if pupils & self.forgotten else []
            if gone:
                self.withdrawn.add(pseudonym(self.key.for_interviews, "document", document))
            words = [(CONSENT, self.register[p]) for p in sorted(pupils) if p in self.register]
            judged += bool(words)
            documents[document] = documents[document].joined(DocumentAttributes.of([*words, *gone]))
        if not judged:
            return documents, []
        return documents, [
            Problem(name, column=CONSENT, found=f"{judged} document(s): no consent in force in the register",
                    rule="register_consent", expected="the consent register's yes",
                    next_step="nothing, or correct the register")
        ]  # fmt: skip

    def _pupil_key(self, number: str) -> str | None:
        digits, fault = parse_cpr(clean(number))
        return None if fault else self.key.pseudonym(PUPIL, str(digits))

    def _name(self, path: Path) -> str:
        return path.relative_to(self.incoming).as_posix()

    @contextmanager
    def _refusals(self, name: str) -> Iterator[None]:
        """A refused file becomes problems; the next file is read."""
        try:
            yield
        except KomgladError as refusal:
            found = [replace(p, file=name if not is_side_table(p.file) else p.file) for p in refusal.problems]
            self.problems += found or [Problem(name, found=refusal.message)]


def _register(found: Intake, study: Study, the_round: Round) -> dict[str, str]:
    """Pupils whose consent for interviews is not in force by the register, and the word that amounts to.

    All that was delivered for the round counts, its days after the cut-off included: words are not data of a day.
    """
    data_set = study.protocol.data_set(INTERVIEWS)
    purpose = data_set.consent_purpose if data_set is not None else None
    if purpose is None:
        return {}
    stated = consents_in_force(found.tables["raw_consents"], the_round.report_date, [purpose])
    return {
        str(pupil): WITHDRAWN if status == TAKEN_BACK else MISSING
        for pupil, status in zip(stated["pupil_key"], stated["status"], strict=True)
        if status != IN_FORCE
    }


def _untied(name: str, batch: SegmentBatch, side: SideTable, key: PseudonymKey) -> list[Problem]:
    """Interviews with pupils that no side table ties to a pupil, while the register holds a no for interviews."""
    tied = {pseudonym(key.for_interviews, "document", d) for d, pupils in side.pupils.items() if pupils}
    about = batch.documents
    loose = int((about["informant"].isin(PUPILS) & ~about["document_id"].isin(tied)).sum())
    if not loose:
        return []
    return [
        Problem(name, column="elev", found=f"{loose} document(s) with pupils that are tied to no pupil",
                rule="untied_interview", expected="the pupils' numbers in the side table's column elev",
                next_step="see by hand that none of them is somebody the register says no for")
    ]  # fmt: skip


def _said(rows: pd.DataFrame) -> set[tuple[str, str, str]]:
    """What a form says, wherever in the file it stands."""
    filled = rows[rows["value"].notna()]
    return set(filled[["theme", "dimension", "value"]].itertuples(index=False, name=None))


def outside(rows: pd.DataFrame, the_round: Round) -> pd.Series:
    """Rows of occasions that do not belong to the round; those that name none stop it and stay till then."""
    if not the_round.occasions:
        return pd.Series(False, index=rows.index)
    return rows["occasion"].notna() & ~rows["occasion"].isin(the_round.occasions)


def quarantined(name: str, problem: Problem) -> dict[str, Any]:
    """A problem as a row of ``raw_quarantine``."""
    return {
        "source_file": name,
        "source_row": problem.line,
        "column_name": problem.column,
        "rule": problem.rule or "unreadable",
        "found": problem.found,
        "expected": problem.expected,
        "next_step": problem.next_step,
    }


def _project_of(path: Path) -> Path:
    """QualCoder's folder, where its database is what passed the door."""
    return path.parent if path.parent.suffix.casefold() == ".qda" else path


def _file_of(path: Path) -> Path:
    return path / "data.qda" if path.is_dir() else path


def _ledger_row(
    name: str, kind: str, path: Path, balance: tuple[int, int, int, int], kept: int
) -> dict[str, Any]:
    """A file's balance; ``balance`` is rows in, quarantined, duplicate and all kept, of which ``kept`` are the round's."""
    rows_in, put_aside, duplicate, all_kept = balance
    return {
        "source_file": name,
        "source_kind": kind,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "rows_in": rows_in,
        "rows_kept": kept,
        "rows_quarantined": put_aside,
        "rows_duplicate": duplicate,
        "rows_superseded": 0,
        "rows_out_of_round": all_kept - kept,
        "rows_skipped": 0,
        "only_older": 0,
        "deleted": 0,
        "sums": 0,
        "sums_off": 0,
    }
