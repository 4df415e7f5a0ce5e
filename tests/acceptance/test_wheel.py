"""Installed from a wheel, komglad behaves as from its folder: settings, telemetry, tables, and what made them.

The wheel is built and installed into a fresh environment; only the other packages are borrowed from this one. It is
called from an analyst's own repository that has folders called ``assets`` and ``evaluation``, by an account without
``HOME``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from evaluation.intake import RAW_TABLES
from pipelines.commit import UNKNOWN, commit_of
from pipelines.settings import NO_HOME, PROJECT, Settings
from tests.conftest import KEY, settings_for
from tests.dagster_page import PROGRAM, DagsterPage
from tests.pipeline.test_processes import ROUND, digests, inbox_like

slow = pytest.mark.slow
ASK = """
import json
from pathlib import Path
import pipelines, evaluation, assets
from pipelines.instance import open_instance
from pipelines.settings import Settings
with open_instance(Settings.from_environment()) as instance:
    places = [m.__file__ for m in (pipelines, evaluation, assets)]
    print(json.dumps({"telemetry": instance.telemetry_enabled, "from": places}))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    command = [
        sys.executable,
        "-m",
        "uv",
        "build",
        "-q",
        "--wheel",
        "--no-build-isolation",
        "--out-dir",
        str(folder),
    ]
    subprocess.run([*command, str(PROJECT)], check=True)
    (found,) = folder.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Path:
    """The fresh environment's folder of programs."""
    venv = tmp_path_factory.mktemp("fresh") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    (site,) = venv.glob("lib/python*/site-packages")
    (site / "borrowed.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    uv = [sys.executable, "-m", "uv", "pip", "install", "-q", "--no-deps", "--no-index"]
    subprocess.run([*uv, "--python", str(venv / "bin" / "python"), str(wheel)], check=True)
    return venv / "bin"


@pytest.fixture(scope="module")
def repository(tmp_path_factory) -> Path:
    """An analyst's repository with folders of the same names as ours."""
    folder = tmp_path_factory.mktemp("analyst")
    for name in ("assets", "evaluation"):
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text("raise ImportError('the analyst\\'s own')\n")
    git = ["git", "-C", str(folder), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", "own"]):
        subprocess.run([*git, *arguments], check=True)
    return folder


def bare(data: Path) -> dict[str, str]:
    """An environment with nothing of the account that runs the tests."""
    return {
        "PATH": os.environ["PATH"],
        "KOMGLAD_STUDY": "demo_kommune",
        "KOMGLAD_DATA": str(data),
        "KOMGLAD_KEY": KEY,
    }


@slow
def test_the_wheel_carries_settings_and_commit(wheel):
    with zipfile.ZipFile(wheel) as parts:
        assert parts.read("pipelines/dagster.yaml") == (PROJECT / "dagster.yaml").read_bytes()
        assert json.loads(parts.read("pipelines/build.json")) == {"commit": commit_of(PROJECT)}
    assert not (PROJECT / "pipelines" / "build.json").exists()


@slow
def test_telemetry_is_off_and_the_packages_are_the_wheels(installed, repository, tmp_path):
    done = subprocess.run(
        [str(installed / "python"), "-P", "-c", ASK],
        cwd=repository, env=bare(tmp_path), check=True, capture_output=True, text=True,
    )  # fmt: skip
    found = json.loads(done.stdout)
    assert found["telemetry"] is False
    assert all(Path(name).is_relative_to(installed.parent) for name in found["from"]), found


@slow
def test_a_round_has_the_same_tables_and_names_the_wheels_commit(
    installed, repository, demonstration, tmp_path
):
    data = inbox_like(demonstration, tmp_path / "data")
    done = subprocess.run(
        [str(installed / "komglad"), "run", ROUND, "--quiet"],
        cwd=repository, env=bare(data), check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert digests(settings_for(data)) == digests(demonstration.settings)
    manifest = json.loads((data / "reports" / ROUND / "manifest.json").read_text(encoding="utf-8"))
    assert commit_of(PROJECT) in json.dumps(manifest)
    assert commit_of(repository) not in json.dumps(manifest)


@slow
def test_the_page_runs_in_a_folder_with_packages_of_the_same_names(
    installed, repository, demonstration, tmp_path
):
    data = inbox_like(demonstration, tmp_path / "data")
    page = DagsterPage(data, tmp_path / "key", program=[str(installed / "komglad")], cwd=repository)
    try:
        assert page.ended(page.launch(ROUND, [*RAW_TABLES, "core_school_days"])) == "SUCCESS"
    finally:
        page.stop()


def test_a_package_that_stands_in_the_way_is_named(repository):
    done = subprocess.run([*PROGRAM, "doctor"], cwd=repository, check=False, capture_output=True, text=True)
    assert done.returncode == 5
    assert f"fundet {repository / 'assets'}" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_repository_that_encloses_the_folder_is_not_asked(tmp_path):
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    inside = tmp_path / "venv" / "site-packages"
    inside.mkdir(parents=True)
    assert commit_of(inside) == UNKNOWN


def test_an_account_without_a_home_folder_is_told_where_a_key_could_lie(tmp_path, monkeypatch):
    def homeless():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", homeless)
    for name in ("XDG_CONFIG_HOME", "KOMGLAD_KEY_FILE", "KOMGLAD_KEY"):
        monkeypatch.delenv(name, raising=False)
    settings = Settings.from_environment(data=tmp_path)
    assert settings.key_file == NO_HOME
    from evaluation.errors import EnvironmentProblem
    from pipelines.key_file import make_key_file
    from pipelines.resources import KeySource

    with pytest.raises(EnvironmentProblem, match="KOMGLAD_KEY_FILE"):
        KeySource(settings).load()
    with pytest.raises(EnvironmentProblem, match="vælg et andet sted"):
        make_key_file(settings.key_file, settings, option="--key-file")
