"""What children and staff say, beside the numbers: themes, agreement, implementation and the joint display.

Segments reach this module with consent in force only (core_interview_codes).
"""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from evaluation.codebooks import Codebook, load_codebook
from evaluation.errors import InputError, Problem
from evaluation.interviews import approvals
from evaluation.interviews.agreement import agreement
from evaluation.interviews.approvals import QuoteDecisions, read_decisions
from evaluation.interviews.attributes import VALID
from evaluation.interviews.consent import with_valid_consent
from evaluation.interviews.joint_display import joint_display, stated_overrides
from evaluation.interviews.joint_sentences import MIN_SOURCES
from evaluation.interviews.quotes import approved_quotes
from evaluation.interviews.school_statements import school_statements
from evaluation.interviews.signs import direction_of, sign_themes, signs_of
from evaluation.interviews.tables import read_rows
from evaluation.interviews.themes import (
    BASELINE,
    DISCONFIRMING,
    LEARNT,
    TO_COME,
    divided_themes,
    scale_conflicts,
    theme_changes,
    theme_table,
)
from evaluation.questions.verdict import Direction, Word
from evaluation.study import Study
from evaluation.tables import table


def codebook_of(study: Study) -> Codebook:
    """The study's codebook."""
    return load_codebook(study.file("codebook.yaml"))


OVERRIDES = "joint_display_overrides.csv"


def overrides_of(study: Study) -> tuple[tuple[str, str, str], ...]:
    """The analyst's own readings of signs, (sign, relation, reason); none when the study has no such file.

    Raises ``InputError`` for a file that cannot be read, or that says something else than sign_id;relation;reason.
    """
    path = study.optional_file(OVERRIDES)
    if path is None:
        return ()
    table = read_rows(path)
    wanted = ("sign_id", "relation", "reason")
    absent = [name for name in wanted if table.heading(name) is None]
    problems = [replace(p, rule="override") for p in table.problems]
    if absent:
        problems = [Problem(OVERRIDES, 1, found=f"no column {', '.join(absent)}", rule="override")]
    if problems:
        raise InputError(f"{OVERRIDES} cannot be read.", problems)
    sign, relation, reason = (table.heading(name) for name in wanted)
    told = tuple((row.get(sign), row.get(relation), row.get(reason)) for row in table.rows)
    stated_overrides(told, signs_of(codebook_of(study)))
    return told


def override_problems(study: Study) -> tuple[Problem, ...]:
    """What is wrong with the file of the analyst's own readings."""
    try:
        overrides_of(study)
    except InputError as refusal:
        found = refusal.problems or (Problem(OVERRIDES, found="cannot be read"),)
        return tuple(replace(p, file=OVERRIDES, rule="override") for p in found)
    return ()


def decisions_of(study: Study) -> QuoteDecisions:
    """Which words persons have let out or held back; none when the study has no such file."""
    return read_decisions(study.optional_file(approvals.FILE))


def consented_documents(raw_interview_documents: pd.DataFrame) -> pd.DataFrame:
    """``core_interview_documents``: interviews whose consent is valid, also those in which nothing was coded."""
    declared = table("core_interview_documents")
    valid = raw_interview_documents["consent"].eq(VALID).fillna(False).astype(bool)
    return declared.conform(raw_interview_documents.loc[valid, list(declared.columns)])


def consented_codes(raw_interviews: pd.DataFrame, study: Study) -> pd.DataFrame:
    """``core_interview_codes``: segments of documents whose consent is valid wherever it is stated."""
    declared = table("core_interview_codes")
    if raw_interviews.empty:
        return declared.empty()
    kept = with_valid_consent(raw_interviews).segments
    codebook = codebook_of(study)
    families = {code: codebook.folder_of(code) for code in kept["code"].unique()}
    return declared.conform(kept.assign(family=kept["code"].map(families))[list(declared.columns)])


GROUPS = {"informant": "informant", "school": "school_id", "grade": "grade", "occasion": "occasion"}


def rule_breaches(codes: pd.DataFrame, study: Study) -> int:
    """How often the codebook's countable rules are broken: two codes of one scale, a factor without an arena.

    A study without interviews needs no codebook.
    """
    return len(scale_conflicts(codes, codebook_of(study))) if len(codes) else 0


def themes(
    codes: pd.DataFrame,
    documents: pd.DataFrame,
    asked_at_all: pd.DataFrame,
    texts: pd.DataFrame,
    study: Study,
    round_id: str,
) -> pd.DataFrame:
    """``out_themes``: each code over all sources and by informant, school, grade and occasion, and divided.

    All sources are those since the programme began; the ones from before stand by occasion only. ``asked_at_all``: every
    interview with its consent (raw_interview_documents), of whom those without a valid one are counted. On the rows of all:
    what most say of the codes of what is to come, and approved words on what has been learnt.
    """
    declared = table("out_themes")
    if documents.empty:
        return declared.empty()
    codebook = codebook_of(study)
    since, asked = _since_the_start(codes), _since_the_start(documents)
    parts = [theme_table(since, codebook, documents=asked).assign(group_kind="all", group_id="all")]
    parts = parts if len(asked) else []
    for kind, column in GROUPS.items():
        words, people = (codes, documents) if kind == "occasion" else (since, asked)
        found = theme_table(words, codebook, by=(column,), documents=people)
        parts.append(found.rename(columns={column: "group_id"}).assign(group_kind=kind))
    divided = divided_themes(since, asked, codebook, texts)
    parts.append(
        divided.assign(
            name=[codebook.get(code).name for code in divided["code"]],
            folder=[codebook.folder_of(code) for code in divided["code"]],
            is_disconfirming=divided["code"].isin(DISCONFIRMING),
        )
    )
    frame = pd.concat(parts).rename(columns=_WORDS).assign(round=round_id)
    refused = _since_the_start(asked_at_all)
    refused = refused[~refused["consent"].eq(VALID).fillna(False).astype(bool)]
    is_all = frame["group_kind"].eq("all")
    words = approved_quotes(since, texts, codebook, decisions=decisions_of(study)).drop_duplicates("code")
    learnt = words.loc[words["code"].eq(LEARNT)].set_index("code")["quote"]
    fewest = max(study.protocol.disclosure.quote_minimum_sources, MIN_SOURCES)
    frame = frame.assign(
        sources_declined=frame["group_kind"].map({"all": len(refused)}).astype("Int64"),
        most_say=frame["code"].map(_most_say(divided, fewest)).where(is_all),
        quote=frame["code"].map(learnt).where(is_all & frame["sources"].ge(fewest)),
    )
    return declared.conform(frame[list(declared.columns)])


def _most_say(divided: pd.DataFrame, fewest: int) -> dict[str, str]:
    """Code of what is to come → for | imod, where most of those who speak of it say so."""
    rows = divided[divided["group_kind"].eq("stance") & divided["code"].isin(TO_COME)]
    found = {}
    for code, part in rows.groupby("code"):
        counts = dict(zip(part["group_id"], part["sources"], strict=True))
        said = {"all": sum(counts.values()), "all_for": counts["for"], "all_against": counts["imod"]}
        found[str(code)] = direction_of(said, "all", fewest)
    return {code: side for code, side in found.items() if side in ("for", "imod")}


def _since_the_start(frame: pd.DataFrame) -> pd.DataFrame:
    """Without what was asked before the programme began."""
    return frame[frame["occasion"].fillna("").ne(BASELINE)]


def changes(codes: pd.DataFrame, documents: pd.DataFrame, study: Study, round_id: str) -> pd.DataFrame:
    """``out_theme_changes``: each code's sources at an occasion beside those at the one before."""
    declared = table("out_theme_changes")
    if documents.empty:
        return declared.empty()
    codebook = codebook_of(study)
    found = theme_changes(codes, codebook, documents).rename(columns=_WORDS)
    frame = found.assign(
        round=round_id,
        family=[codebook.folder_of(str(code)) for code in found["code"]],
        is_disconfirming=found["code"].isin(DISCONFIRMING),
    )
    return declared.conform(frame[list(declared.columns)])


_WORDS = {"name": "code_name", "folder": "family"}


def coder_agreement(
    codes: pd.DataFrame, documents: pd.DataFrame, study: Study, round_id: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """``out_agreement`` and ``out_coding_discussion``: Krippendorff's alpha per code and family with its interval,
    whether enough is coded by two, and every segment and code on which the coders differ.
    """
    declared, talk = table("out_agreement"), table("out_coding_discussion")
    if documents.empty:
        return declared.empty(), talk.empty()
    found = agreement(codes, codebook_of(study), documents=documents)
    frame = found.table.rename(columns={"units_set": "positive", "verdict": "note"}).assign(
        round=round_id,
        documents=found.documents,
        double_coded=found.double_coded,
        double_coded_share=found.double_coded_share,
        rule_met=found.is_rule_met,
    )
    differ = found.discussion.assign(round=round_id)
    return declared.conform(frame[list(declared.columns)]), talk.conform(differ[list(talk.columns)])


def forms(school_forms: pd.DataFrame, study: Study, round_id: str) -> pd.DataFrame:
    """``out_school_forms``: how many schools wrote in each field of their forms, and the words a person has let out."""
    declared = table("out_school_forms")
    if school_forms.empty:
        return declared.empty()
    found = school_statements(school_forms, codebook_of(study), decisions_of(study)).assign(round=round_id)
    return declared.conform(found[list(declared.columns)])


def signs_joined(
    codes: pd.DataFrame,
    documents: pd.DataFrame,
    texts: pd.DataFrame,
    effects: pd.DataFrame,
    verdicts: pd.DataFrame,
    study: Study,
    round_id: str,
) -> pd.DataFrame:
    """``out_joint_display``: one row per sign of the Målplan with numbers, words and how they relate.

    An analyst's own reading stands in the study's ``joint_display_overrides.csv`` (sign_id;relation;reason) and is
    printed with its reason. Talks from before the programme (*baseline*) cannot tell whether a sign has come and are
    left out.
    """
    declared = table("out_joint_display")
    codes, documents = _since_the_start(codes), _since_the_start(documents)
    if documents.empty:
        return declared.empty()
    codebook = codebook_of(study)
    by_sign = sign_themes(codes, codebook, documents, texts)
    quotes = approved_quotes(codes, texts, codebook, decisions=decisions_of(study))
    joined = joint_display(
        codebook,
        _measured(effects, verdicts),
        by_sign,
        quotes,
        overrides_of(study),
        segments=codes,
        texts=texts,
        fewest_told=study.protocol.disclosure.quote_minimum_sources,
    )
    return declared.conform(joined.assign(round=round_id)[list(declared.columns)])


MEASURED = ("fravaer_total_pct", "did_estimat_med_interval")
"""The indicators of the codebook's signs that are figures of absence. Talks held are dose, a school's own step a second word
of those who are interviewed: neither is a number for or against a sign."""


def _measured(effects: pd.DataFrame, verdicts: pd.DataFrame) -> pd.DataFrame:
    """Indicators that absence data speak of: the milestone's estimate where it is due, else what is seen so far."""
    pooled = effects[(effects["group_kind"] == "all") & (effects["estimator"] == "imputation")]
    main = pooled[pooled["question"].eq("milestone") & pooled["status"].eq("estimated")]
    if main.empty:
        main = pooled[pooled["question"].eq("grade") & pooled["status"].eq("estimated")]
    overall = verdicts[verdicts["look"] == "all"]
    if main.empty or overall.empty:
        return pd.DataFrame()
    row = main.sort_values("weights", ascending=False).iloc[0]
    numbers = {c: float(row[c]) for c in ("estimate_pp", "ci_low_pp", "ci_high_pp")}
    word, direction = Word(overall["verdict"].iloc[0]), Direction(overall["direction"].iloc[0])
    says = which_way(word, direction)
    return pd.DataFrame(
        [{"indicator": n, "verdict": word.value, "says": says, "text": None, **numbers} for n in MEASURED]
    )


def which_way(word: Word, direction: Direction) -> str:
    """Which side the numbers take on a sign that asks for a fall; undecided takes none."""
    if word in (Word.ACHIEVED, Word.SMALL_FALL) or direction is Direction.SIGN_OF_FALL:
        return "for"
    if direction is Direction.RISEN:
        return "imod"
    return "ingen" if word is Word.NOT_ACHIEVED else "ukendt"
