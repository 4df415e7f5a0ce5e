"""Interviews as analysts deliver them: every format with its side table is dropped into the inbox and read for a round."""

from __future__ import annotations

import shutil
import sqlite3
import zipfile
from pathlib import Path

import openpyxl
import pandas as pd
import pypdf
import pytest

from evaluation.codebooks import load_codebook
from evaluation.door.pseudonyms import PseudonymKey
from evaluation.files.sqlite import open_sqlite
from evaluation.intake import RoundIntake, read_round
from evaluation.interviews.agreement import agreement
from evaluation.interviews.form_templates import write_filled_forms, write_templates
from evaluation.interviews.identity import flat
from evaluation.interviews.propose import propose_voices
from evaluation.interviews.quotes import approved_quotes
from evaluation.interviews.readers import document_names
from evaluation.interviews.taguette import codings_of_database
from evaluation.interviews.understanding import Understanding
from evaluation.questions import voices
from evaluation.study import load_study

KEY = PseudonymKey.parse("00112233445566778899aabbccddeeff" * 2)
CASES = Path(__file__).parents[1] / "data/interviews"
PILOT, DEMO = load_study("kom_glad_i_skole"), load_study("demo_kommune")
NOVEMBER, END = "november_2026", "end_of_year_2027"
ROSTER = "2026/27\nElevID¤Skolekode¤Skolenavn¤Fornavn¤Efternavn¤CPR¤Klassetrin¤Klassespor¤Stamklasse¤Indmeldt¤Udmeldt\n"
PUPIL, OTHER = "0101144001", "0202144002"


def drop(root: Path, *names: str) -> Path:
    """The named cases (files or folders) in the inbox's folder of interviews."""
    place = root / "incoming" / "interviews"
    place.mkdir(parents=True, exist_ok=True)
    for name in names:
        if (CASES / name).is_dir():
            shutil.copytree(CASES / name, place / name)
        else:
            shutil.copy(CASES / name, place / name)
    return place


def read(root: Path, study=PILOT, round_id: str = NOVEMBER, forgotten: tuple[str, ...] = ()) -> RoundIntake:
    return read_round(root / "incoming", study, round_id=round_id, key=KEY, forgotten=forgotten)


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def tell_occasion(path: Path) -> None:
    """A side table that says when the interviews of a file were held."""
    names = document_names(path, load_codebook(PILOT.file("codebook.yaml")))
    lines = "".join(f"{name};{NOVEMBER_OCCASION}\n" for name in sorted(names))
    assert not path.with_suffix(".dokumenter.csv").exists()
    write(path.with_suffix(".dokumenter.csv"), f"document;nedslag\n{lines}")


def understood(intake: RoundIntake) -> dict:
    return {Path(v.file).name: v for v in intake.voices}


def joined(intake: RoundIntake, study, round_id: str) -> pd.DataFrame:
    """The joint display that the interviews alone give."""
    codes = voices.consented_codes(intake.tables["raw_interviews"], study)
    documents = voices.consented_documents(intake.tables["raw_interview_documents"])
    nothing = {
        n: pd.DataFrame(columns=list(voices.table(n).columns)) for n in ("out_effects", "out_verdicts")
    }
    return voices.signs_joined(
        codes,
        documents,
        intake.tables["raw_interview_texts"],
        nothing["out_effects"],
        nothing["out_verdicts"],
        study,
        round_id,
    ).set_index("sign_id")


ALL = (
    "kom_glad.qda",
    "desk_anna.sqlite3",
    "desk_anna.dokumenter.csv",
    "desk_bo.sqlite3",
    "desk_bo.dokumenter.csv",
    "taguette_highlights.csv",
    "taguette_highlights.dokumenter.csv",
    "qualcoder_lf.qdpx",
    "maxqda_author.xlsx",
    "maxqda_author.dokumenter.csv",
    "lyd_2026-11-20.qdpx",
    "lyd_2026-11-20.dokumenter.csv",
    "group_withdrawn_casecodes_12.qdpx",
    "gyldigt_then_mangler.csv",
)


def test_everything_at_once_is_read(tmp_path: Path) -> None:
    place = drop(tmp_path, *ALL)
    for inside in ("images/billede.png", "documents/udskrift.docx"):
        write(place / "kom_glad.qda" / inside, "not for the door")
    with zipfile.ZipFile(CASES / "qualcoder_lf.qdpx") as archive:
        (place / "bar.qde").write_bytes(archive.read("project.qde"))
    rqda(place / "kodet.rqda")
    requal(place / "kodet.requal")
    silent = {p.file for p in read(tmp_path).problems if p.rule == "no_occasion"}
    for name in silent:
        tell_occasion(place / Path(name).name)
    told = {f"{Path(n).stem}.dokumenter.csv" for n in silent}
    intake = read(tmp_path)
    assert intake.problems == ()
    files = understood(intake)
    tables = told | {n for n in ALL if ".dokumenter." in n}
    assert set(files) == ({*ALL, "bar.qde", "kodet.rqda", "kodet.requal"} - tables)
    assert files["kom_glad.qda"].coders == files["qualcoder_lf.qdpx"].coders == ("anna", "bo")
    assert files["maxqda_author.xlsx"].coders == ("Anna", "Bo")
    assert (files["desk_anna.sqlite3"].coders, files["desk_bo.sqlite3"].coders) == (("anna",), ("bo",))
    assert files["lyd_2026-11-20.qdpx"].consent == {"gyldigt": 1}
    assert files["group_withdrawn_casecodes_12.qdpx"].consent == {"trukket_tilbage": 1}
    assert files["kodet.rqda"].segments == files["kodet.requal"].segments == 1
    assert "lonely_case" in {p.rule for p in files["qualcoder_lf.qdpx"].problems}
    ledger = intake.tables["raw_ledger"].set_index("source_file")
    parts = ["rows_kept", "rows_quarantined", "rows_duplicate", "rows_superseded", "rows_out_of_round"]
    assert (ledger["rows_in"] == ledger[parts].sum(axis=1)).all()
    assert {Path(n).name for n in ledger.index} == {*files, *tables}
    known = intake.tables["raw_interviews"]["consent"]
    words = intake.tables["raw_interview_texts"]["segment_id"]
    allowed = intake.tables["raw_interviews"].loc[known.eq("gyldigt"), "segment_id"]
    assert set(words) <= set(allowed)


def rqda(path: Path) -> None:
    text = "Æblet 😊 faldt. Det er rart."
    with sqlite3.connect(path) as c:
        c.executescript(
            "CREATE TABLE source (name text, id integer, file text, status integer);"
            "CREATE TABLE freecode (name text, id integer, status integer);"
            "CREATE TABLE coding (cid integer, fid integer, seltext text, selfirst real, selend real, status integer,"
            " owner text);"
            "CREATE TABLE cases (name text, id integer, status integer);"
            "CREATE TABLE caselinkage (caseid integer, fid integer, status integer);"
            "CREATE TABLE caseAttr (variable text, value text, caseID integer);"
            "CREATE TABLE fileAttr (variable text, value text, fileID integer);"
        )
        c.execute("INSERT INTO source VALUES ('rq', 1, ?, 1)", [text])
        c.execute("INSERT INTO freecode VALUES ('MP.TEGN.FALD', 1, 1)")
        c.execute("INSERT INTO coding VALUES (1, 1, 'Det er rart.', 15.0, 27.0, 1, 'anna')")
        c.execute("INSERT INTO coding VALUES (1, 1, 'slettet', 0.0, 7.0, 0, 'anna')")
        c.execute("INSERT INTO cases VALUES ('A', 1, 1)")
        c.execute("INSERT INTO caselinkage VALUES (1, 1, 1)")
        c.execute("INSERT INTO caseAttr VALUES ('samtykke', 'gyldigt', 1)")
        c.execute("INSERT INTO fileAttr VALUES ('nedslag', 'delevaluering_nov_2026', 1)")
    c.close()


def requal(path: Path) -> None:
    with sqlite3.connect(path) as c:
        c.executescript(
            "CREATE TABLE projects (project_id INTEGER, project_name TEXT);"
            "CREATE TABLE documents (doc_id INTEGER, project_id INTEGER, doc_name TEXT, doc_text TEXT);"
            "CREATE TABLE codes (project_id INTEGER, code_id INTEGER, code_name TEXT);"
            "CREATE TABLE segments (project_id INTEGER, user_id INTEGER, doc_id INTEGER, code_id INTEGER,"
            " segment_id INTEGER, segment_start INTEGER, segment_end INTEGER, segment_text TEXT);"
            "CREATE TABLE users (user_id INTEGER, user_login TEXT, user_name TEXT);"
            "CREATE TABLE attributes (attribute_id INTEGER, attribute_name TEXT);"
            "CREATE TABLE attribute_values (attribute_value_id INTEGER, attribute_id INTEGER, value TEXT);"
            "CREATE TABLE attributes_documents_map (doc_id INTEGER, attribute_id INTEGER, attribute_value_id INTEGER);"
            "INSERT INTO projects VALUES (1, 'p');"
            "INSERT INTO documents VALUES (1, 1, 'rql', 'Det er rart. Ja.');"
            "INSERT INTO codes VALUES (1, 1, 'MP.TEGN.FALD');"
            "INSERT INTO segments VALUES (1, 1, 1, 1, 1, 1, 12, 'Det er rart.');"
            "INSERT INTO users VALUES (1, 'bo', 'Bo');"
            "INSERT INTO attributes VALUES (1, 'Samtykke');"
            "INSERT INTO attribute_values VALUES (1, 1, 'ja');"
            "INSERT INTO attributes_documents_map VALUES (1, 1, 1);"
        )
    c.close()


def test_two_desks_of_taguette_agree_as_computed_by_hand(tmp_path: Path) -> None:
    drop(tmp_path, *(n for n in ALL if n.startswith("desk_")))
    intake = read(tmp_path)
    assert intake.problems == ()
    codes = voices.consented_codes(intake.tables["raw_interviews"], PILOT)
    book = load_codebook(PILOT.file("codebook.yaml"))
    documents = voices.consented_documents(intake.tables["raw_interview_documents"])
    whole = agreement(codes, book, documents=documents).table.set_index("level").loc["alle"]
    assert whole["coders"] == 2
    assert whole["alpha"] == pytest.approx(0.32, abs=0.005)


def test_the_same_codings_in_three_formats_count_once(tmp_path: Path) -> None:
    names = ["desk_anna.sqlite3", "desk_anna.dokumenter.csv"]
    drop(tmp_path / "once", *names)
    once = read(tmp_path / "once").tables["raw_interviews"]
    place = drop(tmp_path / "thrice", *names)
    shutil.copy(place / names[1], place / "igen.dokumenter.csv")  # the table's rows name no coder
    shutil.copy(place / names[0], place / "igen.sqlite3")
    with open_sqlite(place / names[0]) as connection:
        codings = codings_of_database(
            connection, "x", Understanding.of(load_codebook(PILOT.file("codebook.yaml")))
        ).codings
    lines = [f'"{c.document}","{c.label}","{flat(c.text or "")}"\n' for c in codings]
    write(place / "tabel.csv", "dokument,kode,tekst\n" + "".join(lines))
    intake = read(tmp_path / "thrice")
    thrice = intake.tables["raw_interviews"]
    key = ["document_id", "segment_id", "code", "coder"]
    assert set(map(tuple, once[key].values)) == set(map(tuple, thrice[key].values))
    assert len(once) == len(thrice)
    ledger = intake.tables["raw_ledger"]
    assert int(ledger["rows_duplicate"].sum()) == 2 * len(once)


def test_a_database_of_several_projects_is_asked_about(tmp_path: Path) -> None:
    place = drop(tmp_path, "desk_anna.sqlite3", "desk_anna.dokumenter.csv")
    with sqlite3.connect(place / "desk_anna.sqlite3") as connection:
        connection.execute("INSERT INTO projects VALUES (2, 'Et andet', '', '2026-11-01')")
    connection.close()
    (problem,) = read(tmp_path).problems
    assert (problem.rule, problem.expected) == ("several_projects", "Et andet | Kom glad i skole")
    mappings = tmp_path / "study" / "mappings"
    shutil.copytree(PILOT.folders[0] / "mappings", mappings)
    write(tmp_path / "study" / "protocol.toml", 'extends = "kom_glad_i_skole"\n')
    write(
        mappings / "desk.toml",
        'kind = "interviews"\nfiles = ["interviews/desk_anna.sqlite3"]\n[interviews]\nproject = "Kom glad i skole"\n'
        'coder = "Anna B"\n',
    )
    intake = read(tmp_path, load_study(str(tmp_path / "study")))
    assert intake.problems == ()
    assert understood(intake)["desk_anna.sqlite3"].coders == ("Anna B",)


def test_a_mapping_answers_what_a_variable_means(tmp_path: Path) -> None:
    head = "dokument;kode;tekst;samtykke;nedslag;Går i SFO;Klasse;Kohort\n"
    row = "elev_01;MP.MAAL;Det er rart.;gyldigt;delevaluering_nov_2026;ja;6. klasse;2\n"
    place = write(tmp_path / "incoming/interviews/kodet.csv", head + row).parent
    asked = understood(read(tmp_path))["kodet.csv"]
    assert asked.consent == {"ukendt": 1}
    assert {p.column for p in asked.problems if p.rule == "unread"} == {"Går i SFO", "Klasse", "Kohort"}
    drafted = propose_voices(place / "kodet.csv", load_codebook(PILOT.file("codebook.yaml")))
    assert drafted is not None
    assert all(f'"{name}" = ' in drafted for name in ("Går i SFO", "Klasse", "Kohort"))
    mappings = tmp_path / "study" / "mappings"
    shutil.copytree(PILOT.folders[0] / "mappings", mappings)
    write(tmp_path / "study" / "protocol.toml", 'extends = "kom_glad_i_skole"\n')
    write(
        mappings / "kodet.toml",
        'kind = "interviews"\nfiles = ["interviews/kodet.csv"]\n[interviews.variables]\n"Klasse" = "aargang"\n'
        '[ignore]\n"Går i SFO" = "fritid"\n"Kohort" = "holdets nummer"\n',
    )
    answered = read(tmp_path, load_study(str(tmp_path / "study")))
    assert understood(answered)["kodet.csv"].consent == {"gyldigt": 1}
    assert set(answered.tables["raw_interviews"]["grade"]) == {"6"}


def test_a_side_table_without_its_file_is_a_question(tmp_path: Path) -> None:
    drop(tmp_path, "gyldigt_then_mangler.csv", "desk_bo.dokumenter.csv")
    assert [p.rule for p in read(tmp_path, DEMO, END).problems] == ["side_table_alone"]
    (tmp_path / "incoming/interviews/desk_bo.dokumenter.csv").unlink()
    write(tmp_path / "incoming/interviews/ældre/Dokumenter.csv", "document;samtykke\nx;trukket_tilbage\n")
    assert "side_table_alone" in {p.rule for p in read(tmp_path, DEMO, END).problems}


@pytest.mark.parametrize("coded", ["elev_01", "elev_01.m4a", "Elev 1 del 2"])
def test_a_forgotten_child_s_words_are_out_whatever_the_recording_is_called(
    tmp_path: Path, coded: str
) -> None:
    place = tmp_path / "incoming/interviews"
    row = f"{coded};MP.TEGN.FALD;Det er bedre.;gyldigt;delevaluering_nov_2026;elev\n"
    write(place / "anna.csv", "dokument;kode;tekst;samtykke;nedslag;informant\n" + row)
    write(place / "Anna.Dokumenter.csv", f"document;samtykke;elev\nelev_01;gyldigt;{PUPIL}\n")
    gone = read(tmp_path, DEMO, forgotten=(KEY.pseudonym("pupil", PUPIL),))
    assert gone.tables["raw_interview_texts"].empty
    other = read(tmp_path, DEMO, forgotten=(KEY.pseudonym("pupil", OTHER),))
    assert list(other.tables["raw_interview_texts"]["text"]) == ["Det er bedre."]


def test_one_table_of_documents_serves_a_whole_folder(tmp_path: Path) -> None:
    place = drop(tmp_path, "maxqda_author.xlsx")
    write(place / "dokumenter.csv", "document;samtykke;informant\ninterview_01;mangler;elev\n")
    assert understood(read(tmp_path))["maxqda_author.xlsx"].consent == {"mangler": 1}


def test_a_line_of_a_side_table_that_fits_no_interview_is_said_once(tmp_path: Path) -> None:
    place = drop(tmp_path, "maxqda_author.xlsx", "desk_bo.sqlite3", "desk_bo.dokumenter.csv")
    lines = "interview_01;gyldigt\nintervju_01;nej\nelev_01;gyldigt\n"
    write(place / "dokumenter.csv", "document;samtykke\n" + lines)
    intake = read(tmp_path)
    unmet = intake.tables["raw_quarantine"].query("rule == 'side_table_unmet'")
    assert [(Path(r.source_file).name, r.source_row) for r in unmet.itertuples()] == [("dokumenter.csv", 3)]
    assert "intervju" not in str(unmet.to_dict())


def register(root: Path, *lines: str) -> None:
    row = f"17¤990002¤Fjordskolen¤Ida¤Prøve¤{PUPIL}¤6¤A¤6.A¤¤\n18¤990002¤Fjordskolen¤Bo¤Test¤{OTHER}¤6¤A¤6.A¤¤\n"
    folder = root / "incoming"
    write(folder / "fjord" / "elever_2026-27_2026-11-20.txt", "").write_text(ROSTER + row, encoding="cp1252")
    head = "CPR;Formål;Indehaver;Svar;Afgivet;Trukket tilbage\n"
    write(
        folder / "sundhedsplejen" / "samtykker_2026-11-20.csv", head + "".join(f"{line}\n" for line in lines)
    )


def group(root: Path, pupils: str) -> None:
    """A group interview in two files: only one of them has a side table that names who took part."""
    folder = root / "incoming" / "interviews"
    head = "dokument;kode;koder;tekst;informant;samtykke;citat_godkendt;nedslag\n"
    for coder in ("AB", "CD"):
        line = f"gruppe;MP.TEGN.FALD;{coder};Jeg kommer mere.;elevgruppe;gyldigt;ja;delevaluering_nov_2026\n"
        write(folder / f"{coder}.csv", head + line)
    write(folder / "AB.dokumenter.csv", f"document;elev\ngruppe;{pupils}\n")


def test_a_child_withdrawn_in_the_register_is_out_everywhere(tmp_path: Path) -> None:
    yes = f"{PUPIL};interview;1;ja;01-09-2026;"
    group(tmp_path, f"{PUPIL}|{OTHER}")
    register(tmp_path, yes, f"{OTHER};interview;1;ja;01-09-2026;")
    intake = read(tmp_path, DEMO)
    assert set(intake.tables["raw_interviews"]["consent"]) == {"gyldigt"}
    assert len(intake.tables["raw_interview_texts"]) == 1
    for line, word in (
        (f"{OTHER};interview;1;ja;01-09-2026;15-11-2026", "trukket_tilbage"),
        (f"{OTHER};interview;2;nej;02-09-2026;", "mangler"),
    ):
        register(tmp_path, yes, line)
        intake = read(tmp_path, DEMO)
        assert intake.problems == ()
        assert set(intake.tables["raw_interviews"]["consent"]) == {word}
        assert intake.tables["raw_interview_texts"].empty
        assert "register_consent" in set(intake.tables["raw_quarantine"]["rule"])
        assert all(OTHER not in str(t) for t in intake.tables.values())


def test_a_forgotten_child_s_group_is_out(tmp_path: Path) -> None:
    group(tmp_path, PUPIL)
    register(tmp_path)
    assert len(read(tmp_path, DEMO).tables["raw_interviews"]) == 2
    gone = read(tmp_path, DEMO, forgotten=(KEY.pseudonym("pupil", PUPIL),))
    assert gone.tables["raw_interviews"].empty
    assert gone.tables["raw_interview_documents"].empty


def test_interviews_tied_to_nobody_are_said_where_the_register_has_a_no(tmp_path: Path) -> None:
    group(tmp_path, "")
    register(tmp_path, f"{OTHER};interview;1;nej;01-09-2026;")
    rules = read(tmp_path, DEMO).tables["raw_quarantine"]["rule"]
    assert list(rules).count("untied_interview") == 2
    write(tmp_path / "incoming/interviews/AB.dokumenter.csv", "document;elev\ngruppe;12\n")
    assert [p.rule for p in read(tmp_path, DEMO).problems] == ["side_table_pupil"]


def test_the_approved_text_is_the_one_that_is_quoted(tmp_path: Path) -> None:
    drop(tmp_path, "same_segment_number_two_texts.csv")
    intake = read(tmp_path, DEMO, END)
    codes = voices.consented_codes(intake.tables["raw_interviews"], DEMO)
    book = load_codebook(DEMO.file("codebook.yaml"))
    found = approved_quotes(codes, intake.tables["raw_interview_texts"], book)
    assert list(found["quote"]) == ["Jeg kommer mere i skole nu."]
    assert "fængsel" not in str(joined(intake, DEMO, END).to_dict())


def test_pupils_against_adults_are_divided_and_it_is_said(tmp_path: Path) -> None:
    drop(tmp_path, "give_pupils_no_adults_yes.csv")
    row = joined(read(tmp_path, DEMO, END), DEMO, END).loc["MP.TEGN.FALD"]
    assert "De fleste elever oplever det ikke, og de fleste voksne oplever det." in row["qual_summary"]
    assert "elever og voksne er uenige" in row["reading"]
    assert row["relation"] == "udvider"


def test_a_quote_agrees_with_its_reading_and_the_other_voice_stands_beside_it(tmp_path: Path) -> None:
    drop(tmp_path, "give_quote_against_reading.csv")
    row = joined(read(tmp_path, DEMO, END), DEMO, END).loc["MP.TEGN.FALD"]
    assert "de fleste kilder, der taler om det, oplever" in row["reading"]
    assert pd.isna(row["quote"])
    assert row["quote_against"] == "Jeg synes ikke, det har ændret noget."
    assert row["quote_against_attribution"] == "en elev"


def test_what_six_pupils_say_of_involuntary_absence_is_said(tmp_path: Path) -> None:
    drop(tmp_path, "give_ufriv_direction.csv")
    row = joined(read(tmp_path, DEMO, END), DEMO, END).loc["MP.MAAL"]
    assert "6 bekræftende" in row["qual_summary"]
    assert "De fleste kilder, der taler om det, oplever, at det bliver bedre." in row["reading"]


def test_a_corrected_form_replaces_the_earlier_whole(tmp_path: Path) -> None:
    book = load_codebook(DEMO.file("codebook.yaml"))
    folder = tmp_path / "incoming" / "skemaer"
    columns = ["form", "school_id", "occasion", "theme", "dimension", "value"]
    first = [("kontekstdialog", "990001", "baseline", str(n), "BARRIERE", f"første {n}") for n in (1, 2)]
    step = ("implementeringstrappe", "990001", "baseline", "", "", "1")
    write_filled_forms(folder / "s_2026-10-01.xlsx", pd.DataFrame([*first, step], columns=columns), book)
    again = [("kontekstdialog", "990001", "baseline", "1", "BARRIERE", "rettet")]
    write_filled_forms(folder / "s_2026-10-08.xlsx", pd.DataFrame(again, columns=columns), book)
    intake = read(tmp_path, DEMO)
    assert intake.problems == ()
    assert set(intake.tables["raw_school_forms"]["value"]) == {"rettet", "1"}
    ledger = intake.tables["raw_ledger"].set_index("source_file")
    assert ledger.loc["skemaer/s_2026-10-01.xlsx", "rows_superseded"] == 2
    assert "form_replaced" in set(intake.tables["raw_quarantine"]["rule"])


SAYS = {"words": "ny", "the same": "gammel", "nothing": "", "unread": "ny"}
NEWER = [
    ("s_2026-10-01", "s_2026-10-08", True),
    ("s_2026-10-01", "s_2026-10-08_rettet", True),
    ("s_2026-10-01 endelig", "a_2026-10-08 (2)", True),
    ("s_uden_dag", "a_2026-10-01", True),
    ("s_2026-10-01", "s_2026-10-01_rettet", False),
    ("a", "b", False),
    ("s", "s (2)", False),
]


@pytest.mark.parametrize("later", SAYS)
def test_a_newer_form_stands_alone_and_of_two_of_which_none_is_newer_is_asked(
    later: str, tmp_path: Path
) -> None:
    """Whatever the files are called, and whether the newer has words, none, or some that cannot be read."""
    book = load_codebook(DEMO.file("codebook.yaml"))
    templates = {p.stem: p for p in write_templates(tmp_path, book)}
    expected, asked = {}, {}
    for n, (first, second, is_newer) in enumerate(NEWER):
        school, form = DEMO.protocol.schools[n // 2].id, ("kontekstdialog", "noegler")[n % 2]
        folder = tmp_path / "incoming" / "skemaer"
        folder.mkdir(parents=True, exist_ok=True)
        for name, words in ((first, "gammel"), (second, SAYS[later])):
            workbook = openpyxl.load_workbook(templates[form])
            sheet = workbook.worksheets[0]
            sheet["B3"], sheet["B4"], sheet["D7"] = school, "baseline", words
            if (name, later) == (second, "unread"):
                sheet["D6"] = "Udfordringer"
            workbook.save(folder / f"{n}{name}.xlsx")
        if later == "the same" or (is_newer and later == "words"):
            expected[school, form] = SAYS[later]
        elif is_newer:
            asked[f"skemaer/{n}{second}.xlsx"] = "form_emptied"
        else:
            asked |= {f"skemaer/{n}{name}.xlsx": "form_which" for name in (first, second)}
    intake = read(tmp_path, DEMO)
    assert {p.file: p.rule for p in intake.problems} == asked
    kept = intake.tables["raw_school_forms"].set_index(["school_id", "form"])["value"]
    assert {place: kept[place] for place in expected} == expected


def test_the_fillable_pdf_comes_in_with_the_school_its_mapping_states(tmp_path: Path) -> None:
    book = load_codebook(DEMO.file("codebook.yaml"))
    mappings = tmp_path / "study" / "mappings"
    shutil.copytree("evaluation/studies/kom_glad_i_skole/mappings", mappings)
    write(tmp_path / "study" / "protocol.toml", 'extends = "kom_glad_i_skole"\n[study]\nid = "proeve"\n')
    folder = tmp_path / "incoming" / "skemaer"
    folder.mkdir(parents=True)
    writer = pypdf.PdfWriter(clone_from=CASES / "vurder_og_find_fokus.pdf")
    writer.update_page_form_field_values(writer.pages[1], {"Text1": "Vi ringer hjem."}, auto_regenerate=False)
    path = folder / "fokus_2026-11-20.pdf"
    writer.write(path)
    study = load_study(tmp_path / "study")
    alone = read(tmp_path, study)
    assert "form_school" in {p.rule for p in alone.problems}
    assert alone.tables["raw_school_forms"].empty
    proposed = propose_voices(path, book) or ""
    school = study.protocol.schools[0]
    write(mappings / "fokus.toml", proposed.replace('# school = "…"', f'school = "{school.name}"'))
    kept = read(tmp_path, load_study(tmp_path / "study")).tables["raw_school_forms"]
    assert kept[["school_id", "theme", "dimension", "value"]].to_numpy().tolist() == [
        [school.id, "VFF.KOMP", "gaar_godt", "Vi ringer hjem."]
    ]


SECRET = "Kvittenfjaltre"
"""A word that only the withdrawn child says."""


def _planted(place: Path, kind: str, no: str) -> None:
    """A project of the kind in which one child, whose words hold the secret, says yes and is then withdrawn by ``no``."""
    said, other = f"Jeg sagde {SECRET} til hende.", "Det er rart."
    if kind == "csv":
        head = "dokument;segment;kode;koder;tekst;citat_godkendt;samtykke;nedslag\n"
        rows = [
            ("barn_01", said, "ja", "gyldigt"),
            ("barn_01", "Mere.", "", no),
            ("voksen_02", other, "ja", "gyldigt"),
        ]
        lines = [
            f"{d};{n};MP.TEGN.FALD;AB;{t};{q};{c};{NOVEMBER_OCCASION}\n"
            for n, (d, t, q, c) in enumerate(rows)
        ]
        write(place / "kodet.csv", head + "".join(lines))
        return
    if kind == "taguette":
        lines = [f"1,barn_01,MP.TEGN.FALD,{said}\n", f"2,voksen_02,MP.TEGN.FALD,{other}\n"]
        write(place / "kodet.csv", "id,document,tag,content\n" + "".join(lines))
    else:
        with sqlite3.connect(place / "kodet.rqda") as c:
            c.executescript(
                "CREATE TABLE source (name text, id integer, file text, status integer, memo text);"
                "CREATE TABLE freecode (name text, id integer, status integer);"
                "CREATE TABLE coding (cid integer, fid integer, seltext text, selfirst real, selend real,"
                " status integer, owner text);"
            )
            for n, (name, text) in enumerate((("barn_01", said), ("voksen_02", other)), 1):
                memo = f"Samtykke: {no}" if n == 1 else ""
                c.execute("INSERT INTO source VALUES (?, ?, ?, 1, ?)", [name, n, text, memo])
                c.execute("INSERT INTO coding VALUES (1, ?, ?, 0, ?, 1, 'AB')", [n, text, len(text)])
            c.execute("INSERT INTO freecode VALUES ('MP.TEGN.FALD', 1, 1)")
        c.close()
    state = "gyldigt" if kind == "rqda" else no
    write(
        place / "kodet.dokumenter.csv",
        f"document;samtykke;nedslag\nbarn_01;{state};{NOVEMBER_OCCASION}\nvoksen_02;gyldigt;{NOVEMBER_OCCASION}\n",
    )


NOVEMBER_OCCASION = "delevaluering_nov_2026"


@pytest.mark.parametrize("kind", ["csv", "taguette", "rqda"])
@pytest.mark.parametrize("no", ["nej", "tilbagekaldt", "ring til mor", "mangler"])
def test_a_withdrawn_child_s_words_are_in_no_table_and_no_message(kind: str, no: str, tmp_path: Path) -> None:
    place = tmp_path / "incoming" / "interviews"
    place.mkdir(parents=True)
    _planted(place, kind, no)
    intake = read(tmp_path)
    assert intake.problems == ()
    codes = voices.consented_codes(intake.tables["raw_interviews"], PILOT)
    assert codes["document_id"].nunique() == 1
    everything = " ".join(
        frame.astype("str").to_csv() if hasattr(frame, "to_csv") else "" for frame in intake.tables.values()
    )
    assert "Det er rart." in everything
    assert SECRET not in everything
    assert SECRET not in repr((intake.problems, intake.voices))
    display = joined(intake, PILOT, NOVEMBER)
    assert SECRET not in display.to_csv()


def test_an_occasion_nobody_knows_stops_the_round(tmp_path: Path) -> None:
    """Its interviews would count at every occasion, or at none."""
    place = drop(tmp_path, "gyldigt_then_mangler.csv")
    path = place / "gyldigt_then_mangler.csv"
    text = path.read_text(encoding="utf-8")
    known = next(
        v for v in load_codebook(PILOT.file("codebook.yaml")).attribute("nedslag").values if v in text
    )
    path.write_text(text.replace(known, "Slut 27"), encoding="utf-8")
    (problem,) = read(tmp_path).problems
    assert (problem.column, problem.rule) == ("nedslag", "interview_occasion")
    assert known in problem.expected


@pytest.mark.parametrize("kind", ["csv", "taguette", "rqda"])
def test_an_interview_of_no_occasion_stops_the_round_until_somebody_tells(kind: str, tmp_path: Path) -> None:
    """Its words would count in every round, and as said since the programme began."""
    place = tmp_path / "incoming" / "interviews"
    place.mkdir(parents=True)
    _planted(place, kind, "gyldigt")
    for path in place.glob("*.csv"):
        path.write_text(path.read_text(encoding="utf-8").replace(NOVEMBER_OCCASION, ""), encoding="utf-8")
    (problem,) = read(tmp_path).problems
    assert (problem.column, problem.rule) == ("nedslag", "no_occasion")
    assert NOVEMBER_OCCASION in problem.expected
    told = "".join(f"{d};gyldigt;{NOVEMBER_OCCASION}\n" for d in ("barn_01", "voksen_02"))
    write(place / "kodet.dokumenter.csv", f"document;samtykke;nedslag\n{told}")
    assert read(tmp_path).problems == ()


def test_an_interview_that_is_out_is_not_asked_about(tmp_path: Path) -> None:
    place = tmp_path / "incoming" / "interviews"
    place.mkdir(parents=True)
    _planted(place, "csv", "nej")
    text = (place / "kodet.csv").read_text(encoding="utf-8")
    lines = [line.replace(NOVEMBER_OCCASION, "") if "barn" in line else line for line in text.splitlines()]
    write(place / "kodet.csv", "\n".join(lines))
    assert read(tmp_path).problems == ()


@pytest.mark.parametrize(
    ("school", "occasion", "rule"),
    [("Bakkeskolen i nabokommunen", "{occasion}", "form_unknown_school"), ("", "{occasion}", "form_school"),
     ("{school}", "Slut 27", "form_unknown_occasion")],
)  # fmt: skip
def test_a_newer_form_nobody_can_place_stops_the_round_and_never_leaves_the_older_standing(
    school: str, occasion: str, rule: str, tmp_path: Path
) -> None:
    folder = tmp_path / "incoming" / "skemaer"
    known = {"school": PILOT.protocol.schools[0].name, "occasion": "baseline"}
    line = "skema;skole;nedslag;tema;dimension;vaerdi\nimplementeringstrappe;{};{};;trin;{}\n"
    write(folder / "trappe_2026-11-01.csv", line.format(known["school"], "baseline", 1))
    assert not read(tmp_path).problems
    write(folder / "trappe_2026-11-20.csv", line.format(school.format(**known), occasion.format(**known), 2))
    (problem,) = read(tmp_path).problems
    assert (problem.file, problem.rule) == ("skemaer/trappe_2026-11-20.csv", rule)
