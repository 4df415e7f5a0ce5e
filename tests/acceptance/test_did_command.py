"""``komglad did`` as an analyst meets it: published results, odd files, and refusals in words with exit code 2."""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evaluation.errors import CannotEstimate, InputError
from pipelines.commands import did

ORACLES = Path(__file__).parents[1] / "data" / "oracles"
ESTIMATE_KEYS = {
    "term", "group", "period", "event", "estimate", "std_error", "df", "t", "p_value", "ci_low", "ci_high", "inference",
}  # fmt: skip
MPDTA = [str(ORACLES / "mpdta.csv"), "--outcome", "lemp", "--unit", "countyreal", "--time", "year", "--start",
         "first.treat"]  # fmt: skip


def ask(capsys: pytest.CaptureFixture[str], *tokens: object) -> dict:
    """The JSON answer of a run in this process."""
    did.run([str(t) for t in tokens] + ["--json"])
    return json.loads(capsys.readouterr().out)


@pytest.fixture
def school(tmp_path: Path) -> Path:
    """Four schools × ten grades × twenty months, three waves, an effect of −1."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        [(f"skole {s}", f"{g}", t) for s in range(4) for g in range(10) for t in range(20)],
        columns=["school", "grade", "t"],
    )
    frame["cell"] = frame["school"] + "-" + frame["grade"]
    frame["cal_month"] = frame["t"] % 10
    frame["start"] = frame["grade"].map({"6": 12, "1": 15, "8": 17})
    frame["treated"] = frame["t"] >= frame["start"]
    frame["days"] = rng.integers(900, 1500, 800)
    frame["y"] = rng.normal(7, 1, 800) - frame["treated"]
    path = tmp_path / "rød grød.csv"
    frame.to_csv(path, index=False)
    return path


COLUMNS = ["--outcome", "y", "--unit", "cell", "--time", "t", "--start", "start"]


def test_the_installed_command_prints_one_json_object() -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "pipelines.commands.did", *MPDTA, "--estimator", "group-time", "--json"],
        capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    document = json.loads(answer.stdout)
    assert set(document) == {
            "design", "estimates", "pretrend", "honest", "missed_trends", "notes", "options", "version"
        }  # fmt: skip
    assert document["design"] == {
        "units": 500, "clusters": 500, "treated_clusters": 191, "periods": 5, "observations": 2500, "N": 2500,
        "working": "identity", "cluster_columns": {},
    }  # fmt: skip
    assert set(document["estimates"][0]) >= ESTIMATE_KEYS


def test_bad_input_is_a_sentence_exit_code_2_and_silence_on_stdout() -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "pipelines.commands.did", "no such file.csv", *MPDTA[1:]],
        capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert answer.returncode == 2
    assert answer.stdout == ""
    assert 'File "no such file.csv" not found' in answer.stderr
    assert "Traceback" not in answer.stderr


def test_callaway_santanna_event_study(capsys) -> None:
    expected = json.loads((ORACLES / "mpdta_expected.json").read_text())
    document = ask(capsys, *MPDTA, "--estimator", "group-time", "--aggregate", "event")
    by_event = {e["event"]: e for e in document["estimates"] if e["term"] == "event"}
    for event, cell in expected["dynamic"].items():
        assert by_event[int(event)]["estimate"] == pytest.approx(cell["att"], abs=1e-9)
        assert by_event[int(event)]["std_error"] == pytest.approx(cell["se"], abs=1e-9)
    assert document["pretrend"]["p_value"] == pytest.approx(0.16812, abs=5e-6)


def test_clubsandwich_vignette(capsys) -> None:
    expected = json.loads((ORACLES / "mlda_clubsandwich.json").read_text())["wls_pop_identity_target"]["CR2"][
        "legal"
    ]
    document = ask(capsys, ORACLES / "mlda_mortality.csv", "--outcome", "mrate", "--unit", "state", "--time", "year",
                   "--treatment", "legal", "--covariates", "beertaxa", "--weights", "pop")  # fmt: skip
    answer = document["estimates"][0]
    assert answer["std_error"] == pytest.approx(expected["se"], rel=1e-9)
    assert answer["df"] == pytest.approx(expected["df_satt"], rel=1e-9)
    assert answer["p_value"] == pytest.approx(expected["p_satt"], rel=1e-8)


def test_boottest_with_a_null_and_all_sign_vectors(capsys) -> None:
    document = ask(capsys, ORACLES / "boottest_collapsed.csv", "--outcome", "hasinsurance", "--treatment", "post_self",
                   "--covariates", "selfemployed", "post", "--cluster", "year", "--inference", "wild",
                   "--null", "0.04", "--draws", "all")  # fmt: skip
    answer = document["estimates"][0]
    assert answer["t"] == pytest.approx(2.01942207, abs=1e-8)
    assert answer["p_value"] == pytest.approx(0.0703125, abs=2 / 2**8)
    assert any("ties count" in note for note in document["notes"])


def test_honest_intervals_of_the_medicaid_expansion(capsys, tmp_path: Path) -> None:
    frame = pd.read_csv(ORACLES / "ehec_medicaid.csv")
    frame = frame[(frame["year"] < 2016) & (frame["yexp2"] != 2015)]
    frame["yexp2"] = frame["yexp2"].where(frame["yexp2"] < 2015)
    frame.to_parquet(tmp_path / "ehec.parquet")
    document = ask(capsys, tmp_path / "ehec.parquet", "--outcome", "dins", "--unit", "stfips", "--time", "year",
                   "--start", "yexp2", "--estimator", "twfe", "--aggregate", "event", "--inference", "cr1",
                   "--honest", "relative-magnitudes", "--mbar", ".5", "1", "2")  # fmt: skip
    printed = {0.5: (0.0241, 0.0673), 1: (0.0171, 0.0720), 2: (-0.00107, 0.0883)}
    for item in document["honest"]:
        # .001 is the grid of the source; CR1 here leaves out the (N − 1)/(N − k) that fixest multiplies in.
        assert (item["ci_low"], item["ci_high"]) == pytest.approx(printed[item["bound"]], abs=1e-3)


def test_values_after_one_flag_or_flag_by_flag_or_with_commas(capsys, school: Path) -> None:
    first = ask(capsys, "--horizon", 1, 2, 3, school, *COLUMNS)
    second = ask(capsys, *COLUMNS, "--horizon", 1, "--horizon", 2, "--horizon", 3, school)
    third = ask(capsys, school, *COLUMNS, "--horizon", "1,2,3")
    assert first == second == third


def test_permutation_of_record(capsys, school: Path) -> None:
    document = ask(capsys, school, *COLUMNS, "--weights", "days", "--absorb", "cell:cal_month", "school:t",
                   "--transition", 1, "--assign", "grade")  # fmt: skip
    answer = document["estimates"][0]
    assert answer["inference"] == "permutation"
    assert answer["smallest_p"] == pytest.approx(1 / 720, rel=1e-9)
    assert (answer["p_value"] * 720) == pytest.approx(round(answer["p_value"] * 720), abs=1e-6)
    assert any("720 assignments" in note for note in document["notes"])


def test_rows_and_cells_give_the_same_answers(capsys, tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    cells = pd.DataFrame(
        [(s, g, t) for s in "ab" for g in range(6) for t in range(8)], columns=["s", "g", "t"]
    )
    cells["cell"] = cells["s"] + cells["g"].astype(str)
    cells["start"] = cells["g"].map({1: 4, 3: 6}).fillna(np.inf)
    rows = cells.loc[cells.index.repeat(rng.integers(3, 30, len(cells)))].reset_index(drop=True)
    rows["y"] = 100.0 * rng.binomial(1, 0.07, len(rows))
    rows.to_csv(tmp_path / "rows.csv.gz", index=False)
    grouped = rows.groupby(list(cells.columns), as_index=False).agg(y=("y", "mean"), n=("y", "size"))
    grouped.to_parquet(tmp_path / "cells.parquet")
    columns = [*COLUMNS, "--absorb", "cell", "s:t", "--cluster", "cell"]
    from_rows = ask(capsys, tmp_path / "rows.csv.gz", *columns)["estimates"][0]
    from_cells = ask(capsys, tmp_path / "cells.parquet", *columns, "--weights", "n")["estimates"][0]
    for key in ("estimate", "std_error", "df", "ci_low", "ci_high"):
        assert from_cells[key] == pytest.approx(from_rows[key], rel=1e-10)
    more = ["--estimator", "twfe", "--working", "inverse-weight", "--weights", "n"]
    from_rows = ask(capsys, tmp_path / "rows.csv.gz", *columns, "--estimator", "twfe")["estimates"][0]
    from_cells = ask(capsys, tmp_path / "cells.parquet", *columns, *more)["estimates"][0]
    for key in ("estimate", "std_error", "df"):
        assert from_cells[key] == pytest.approx(from_rows[key], rel=1e-10)


@pytest.mark.parametrize("never", ["", "99", "inf", "NA", "Never"])
def test_never_treated_however_it_is_written(capsys, school: Path, tmp_path: Path, never: str) -> None:
    frame = pd.read_csv(school)
    frame["start"] = frame["start"].map(lambda v: never if np.isnan(v) else f"{v:.0f}")
    frame.to_csv(tmp_path / "never.csv", index=False)
    assert (
        ask(capsys, tmp_path / "never.csv", *COLUMNS)["estimates"]
        == ask(capsys, school, *COLUMNS)["estimates"]
    )


def test_semicolons_and_decimal_commas(capsys, school: Path, tmp_path: Path) -> None:
    pd.read_csv(school).to_csv(
        tmp_path / "danish.csv", sep=";", decimal=",", index=False, encoding="utf-8-sig"
    )
    same = ask(capsys, school, *COLUMNS)["estimates"][0]["estimate"]
    assert ask(capsys, tmp_path / "danish.csv", *COLUMNS)["estimates"][0]["estimate"] == pytest.approx(same)


def test_months_as_text_and_boolean_treatment(capsys, school: Path, tmp_path: Path) -> None:
    frame = pd.read_csv(school)
    months = pd.period_range("2025-01", periods=20, freq="M").astype(str)
    frame["month"] = months[frame["t"]]
    frame["first"] = frame["start"].map(lambda v: "" if np.isnan(v) else months[int(v)])
    frame.to_csv(tmp_path / "months.csv", index=False)
    document = ask(capsys, tmp_path / "months.csv", "--outcome", "y", "--unit", "cell", "--time", "month",
                   "--start", "first", "--aggregate", "group")  # fmt: skip
    assert [e["group"] for e in document["estimates"]] == ["2026-01", "2026-04", "2026-06"]
    numbers = ask(capsys, school, *COLUMNS, "--aggregate", "group")
    assert [e["estimate"] for e in document["estimates"]] == [e["estimate"] for e in numbers["estimates"]]
    by_column = ask(capsys, school, "--outcome", "y", "--unit", "cell", "--time", "t", "--treatment", "treated",
                    "--estimator", "imputation")  # fmt: skip
    assert by_column["estimates"][0]["estimate"] == pytest.approx(
        ask(capsys, school, *COLUMNS)["estimates"][0]["estimate"]
    )


def test_dropped_rows_are_counted_by_reason(capsys, school: Path, tmp_path: Path) -> None:
    frame = pd.read_csv(school)
    frame.loc[3, "y"], frame.loc[5, "days"], frame.loc[9, "cell"] = np.nan, 0, np.nan
    frame.to_csv(tmp_path / "gaps.csv", index=False)
    document = ask(capsys, tmp_path / "gaps.csv", *COLUMNS, "--weights", "days")
    assert document["design"]["observations"] == 800 - 3
    assert document["notes"][0].startswith(
        '3 of 800 rows left out: no "cell" in 1, no "y" in 1, zero weight in 1'
    )


def test_always_treated_units_are_reported(capsys, school: Path, tmp_path: Path) -> None:
    frame = pd.read_csv(school)
    frame.loc[frame["cell"] == "skole 0-3", "start"] = -5
    frame.to_csv(tmp_path / "always.csv", index=False)
    for estimator in ("imputation", "group-time"):
        notes = ask(capsys, tmp_path / "always.csv", *COLUMNS, "--estimator", estimator)["notes"]
        assert any(note.startswith("1 units are treated") for note in notes)


def test_one_treated_cluster_warns(capsys, school: Path, tmp_path: Path) -> None:
    frame = pd.read_csv(school)
    frame["start"] = frame["start"].where(frame["cell"] == "skole 1-6")
    frame.to_csv(tmp_path / "one.csv", index=False)
    document = ask(capsys, tmp_path / "one.csv", *COLUMNS, "--estimator", "twfe", "--inference", "wild")
    assert document["design"]["treated_clusters"] == 1
    assert any(note.startswith("Only one treated cluster") for note in document["notes"])


def test_a_single_wave_says_that_it_cannot_reach_five_per_cent(capsys, school: Path, tmp_path: Path) -> None:
    frame = pd.read_csv(school)
    frame["start"] = frame["start"].where(frame["grade"] == 6)
    frame.to_csv(tmp_path / "wave.csv", index=False)
    document = ask(capsys, tmp_path / "wave.csv", *COLUMNS, "--assign", "grade")
    assert document["estimates"][0]["smallest_p"] == pytest.approx(0.1)
    assert any("cannot reach 5 %" in note for note in document["notes"])


@pytest.mark.parametrize(
    ("change", "tokens", "error", "reason"),
    [
        (lambda f: f.assign(k=1), ["--cluster", "k"], CannotEstimate, "only one cluster"),
        (lambda f: f[f["t"] >= 17], [], CannotEstimate, "no pre-period|no comparison group|cannot be imputed"),
        (lambda f: f.assign(start=12), [], CannotEstimate, "no comparison group"),
        (lambda f: f.assign(start=np.nan), [], CannotEstimate, "no cell is treated"),
        (lambda f: f.assign(y=0.0), [], CannotEstimate, "does not vary"),
        (lambda f: f.assign(y=np.nan), [], CannotEstimate, "no row has the outcome"),
        (lambda f: f.assign(y="syv"), [], InputError, "must hold numbers"),
        (lambda f: f.assign(start=f["t"] % 3 + 9), [], InputError, "constant within a unit"),
        (lambda f: f.rename(columns={"y": "fravaer"}), [], InputError, 'Column "y"'),
        (lambda f: f, ["--estimator", "2sls"], InputError, "unknown"),
        (lambda f: f, ["--horizon", "12"], CannotEstimate, "no treated cell at event times"),
        (lambda f: f, ["--assign", "t"], InputError, "one treatment calendar"),
        (lambda f: f, ["--level", "95"], InputError, "between 0 and 1"),
        (lambda f: f, ["--draws", "many"], InputError, "--draws"),
        (lambda f: f.assign(w=-1), ["--weights", "w"], InputError, "negative"),
        (lambda f: f, ["--estimator", "group-time", "--absorb", "cell:cal_month"], InputError, "no other fixed effects"),
        (lambda f: f, ["--estimator", "group-time", "--assign", "grade"], InputError, "does not have"),
        (lambda f: f, ["--assign", "grade", "--inference", "wild"], InputError, "--assign is for permutation"),
        (lambda f: f, ["--assign", "cell", "--draws", "all"], InputError, "too many to enumerate"),
        (lambda f: f, ["--inference", "wild", "--seed", "-1"], InputError, "--seed must be 0 or more"),
        (lambda f: f, ["--null", "nan"], InputError, "--null must be a number"),
        (lambda f: f, ["--working", "x", "--weights", "days"], InputError, "--working"),
        (lambda f: f.assign(t=f["t"].map(lambda t: chr(97 + t))),
         [], InputError, "The order of the periods cannot be told"),
        (lambda f: f.rename(columns={"t": "T"}), [], InputError, r'did you mean "T"'),
        (lambda f: f.iloc[:0], [], CannotEstimate, "no rows"),
    ],
)  # fmt: skip
def test_refuses_in_words(capsys, school: Path, tmp_path: Path, change, tokens, error, reason: str) -> None:
    change(pd.read_csv(school)).to_csv(tmp_path / "bad.csv", index=False)
    with pytest.raises(error, match=reason):
        did.run([str(tmp_path / "bad.csv"), *COLUMNS, *tokens])
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("name", "spoil", "reason"),
    [
        ("short.csv", lambda b: b + b"skole 0,1\n", r"line 802\): 2 columns found, 9 expected"),
        ("quote.csv", lambda b: b.replace(b"skole 3,9,19", b'"skole 3,9,19'), "a quote is never closed"),
        ("nul.csv", lambda b: b + b"\x00\x00", "cannot be read as csv"),
        ("book.xlsx", lambda b: b"PK\x03\x04" + b, "workbook or a zip file"),
        ("broken.csv.gz", lambda b: b, "cannot be unpacked"),
        ("cut.csv.gz", lambda b: gzip.compress(b)[:-200], "cannot be (read|unpacked)"),
        ("broken.parquet", lambda b: b"PAR1" + b, "cannot be read as parquet"),
        ("twice.csv", lambda b: b.replace(b"school,", b"Y,", 1), "in the file more than once"),
        ("words.csv", lambda b: b.replace(b",y", b",z", 1), 'Column "y".* not found'),
    ],
)  # fmt: skip
def test_files_that_cannot_be_used(
    capsys, school: Path, tmp_path: Path, name: str, spoil, reason: str
) -> None:
    (tmp_path / name).write_bytes(spoil(school.read_bytes()))
    with pytest.raises(InputError, match=reason):
        did.run([str(tmp_path / name), *COLUMNS, "--json"])
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("utf16.csv", lambda f, p: f.to_csv(p, index=False, encoding="utf-16")),
        ("windows.csv", lambda f, p: f.to_csv(p, index=False, encoding="cp1252")),
        ("tabs.txt", lambda f, p: f.to_csv(p, index=False, sep="\t")),
        ("no ending", lambda f, p: f.to_csv(p, index=False)),
        ("packed.gz", lambda f, p: f.to_csv(p, index=False, compression="gzip")),
        ("table", lambda f, p: f.to_parquet(p)),
        ("index.csv", lambda f, p: f.to_csv(p)),
    ],
)
def test_however_the_file_is_written(capsys, school: Path, tmp_path: Path, name: str, write) -> None:
    frame = pd.read_csv(school)
    frame["cell"] = frame["cell"].str.replace("skole", "skolen på bøgevej")
    write(frame.astype({"grade": str}), tmp_path / name)
    same = ask(capsys, school, *COLUMNS)
    other = ask(capsys, tmp_path / name, *COLUMNS)
    assert other["estimates"] == same["estimates"]
    assert any("Latin-1" in note for note in other["notes"]) == (name == "windows.csv")


def test_names_that_hold_the_sign_of_a_crossing(capsys, school: Path, tmp_path: Path) -> None:
    names = {"cell": "skole:klasse", "t": "tid^1", "y": 'fravær "i alt", #', "cal_month": "kal måned"}
    pd.read_csv(school).rename(columns=names).to_csv(tmp_path / "names.csv", index=False)
    default = ask(capsys, school, *COLUMNS)["estimates"]
    renamed = ask(capsys, tmp_path / "names.csv", "--outcome", names["y"], "--unit", names["cell"], "--time",
                  names["t"], "--start", "start")  # fmt: skip
    assert renamed["estimates"] == default


def test_a_fit_without_residual_gives_no_standard_error(capsys, school: Path, tmp_path: Path) -> None:
    """Two groups and two periods clustered by group: four means, nothing left to learn a spread from."""
    frame = pd.read_csv(school)
    frame = frame.assign(arm=frame["grade"].isin([1, 6, 8]).astype(int), after=(frame["t"] >= 17).astype(int))
    frame.to_csv(tmp_path / "pooled.csv", index=False)
    answer = ask(capsys, tmp_path / "pooled.csv", "--outcome", "y", "--treatment", "arm:after", "--unit", "arm",
                 "--time", "after")  # fmt: skip
    estimate = answer["estimates"][0]
    assert estimate["estimate"] is not None
    assert (estimate["std_error"], estimate["p_value"], estimate["ci_low"]) == (None, None, None)
    assert any("no standard error" in note for note in answer["notes"])


def test_a_treatment_column_that_never_switches_off_is_a_start(capsys, school: Path) -> None:
    by_start = ask(capsys, school, *COLUMNS)
    by_column = ask(capsys, school, "--outcome", "y", "--unit", "cell", "--time", "t", "--treatment", "treated",
                    "--estimator", "imputation")  # fmt: skip
    assert by_column["estimates"] == by_start["estimates"]
    assert by_column["pretrend"] == by_start["pretrend"]


def test_options_that_can_make_no_difference_are_said(capsys, school: Path) -> None:
    notes = ask(capsys, school, *COLUMNS, "--control", "not-yet", "--unbalanced", "--unrestricted")["notes"]
    assert [note.split(" belong")[0] for note in notes[-3:]] == [
        "--control and --base",
        "--unbalanced",
        "--unrestricted, --jackknife and --weights-dist",
    ]


def test_the_same_input_gives_the_same_bytes(capsys, school: Path, tmp_path: Path) -> None:
    pd.read_csv(school).sample(frac=1, random_state=4).to_csv(tmp_path / "shuffled.csv", index=False)
    answers = []
    for path in (school, tmp_path / "shuffled.csv", school):
        did.run([str(path), *COLUMNS, "--inference", "wild", "--json"])
        answers.append(capsys.readouterr().out)
    assert len(set(answers)) == 1


def test_help_and_table_for_people(capsys, school: Path) -> None:
    did.run(["--help"])
    assert "--honest" in capsys.readouterr().out
    did.run([str(school), *COLUMNS, "--aggregate", "event"])
    text = capsys.readouterr().out
    assert "40 units, 40 clusters (12 treated), 20 periods, 800 observations" in text
    assert "event e=0" in text


@pytest.mark.skipif(
    shutil.which("komglad", path=str(Path(sys.executable).parent)) is None, reason="not installed"
)
def test_through_the_front_door(school: Path) -> None:
    command = [
        str(Path(sys.executable).parent / "komglad"),
        "did",
        str(school),
        *COLUMNS,
        "--null",
        "-0.5",
        "--json",
    ]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(answer.stdout)["estimates"][0]["inference"] == "cr2"
