"""``pipeline package``: from a project to the results on a machine that has only the file."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from pipeline.config.paths import user_store
from pipeline.digests import sha256_of_bytes
from pipeline.packages import install, manifest
from pipeline.progress import quiet
from tests.conftest import Result, Sandbox, given_here, offline


@pytest.fixture(autouse=True)
def _spawns(spawning: None) -> None:
    """Some of these build an environment and run jobs."""


@pytest.fixture
def made(sandbox: Sandbox, tmp_path: Path) -> Path:
    sandbox.workflow("tested", "report_alpha: {}", "deliver: [report_alpha.report]")
    done = sandbox.give("pipeline", "package", "make", "tested", "-o", tmp_path / "tested.pkg", "--json")
    assert done.code == 0, done.err
    assert done.data["name"] == "tested"
    return tmp_path / "tested.pkg"


def elsewhere(tmp_path: Path, *words: "str | Path") -> Result:
    """A command in a folder that is no project."""
    folder = tmp_path / "elsewhere"
    folder.mkdir(exist_ok=True)
    (folder / "input.txt").write_text("some input\n")
    return given_here("pipeline", "package", *words, variables=offline(tmp_path), folder=folder)


def test_a_package_runs_where_there_is_no_project(made: Path, tmp_path: Path) -> None:
    first = elsewhere(tmp_path, "run", made, "input.txt")
    assert first.code == 3
    assert "--build" in first.next_step
    done = elsewhere(tmp_path, "run", made, "input.txt", "--build")
    assert done.code == 0, done.err
    (path,) = done.out.splitlines()
    assert Path(path).is_file()
    again = elsewhere(tmp_path, "run", made, "input.txt")
    assert again.out == done.out


def test_packages_are_shown_installed_listed_and_removed(made: Path, tmp_path: Path) -> None:
    shown = elsewhere(tmp_path, "show", made, "--json").data
    assert (shown["name"], shown["signer"]) == ("tested", None)
    installed = elsewhere(tmp_path, "install", made, "--json").data
    assert (installed["identity"], installed["is_new"]) == (shown["identity"], True)
    assert not elsewhere(tmp_path, "install", made, "--json").data["is_new"]
    assert [each["identity"] for each in elsewhere(tmp_path, "list", "--json").data] == [shown["identity"]]
    assert elsewhere(tmp_path, "remove", shown["identity"], "--json").code == 0
    assert elsewhere(tmp_path, "list", "--json").data == []


def test_people_read_the_same(made: Path, tmp_path: Path) -> None:
    assert "project/stages/report_alpha.py" in elsewhere(tmp_path, "show", made).out
    assert "--build" in elsewhere(tmp_path, "install", made).out
    assert "tested" in elsewhere(tmp_path, "list").out


def test_with_its_environments_inside_it_needs_no_index(sandbox: Sandbox, made: Path, tmp_path: Path) -> None:
    words = ("pipeline", "package", "make", "tested", "-o", made, "--with-environments", "--json")
    done = sandbox.give(*words, variables=offline(tmp_path))
    assert done.code == 0, done.err
    for wheel in (tmp_path / "wheels").iterdir():
        wheel.unlink()
    built = elsewhere(tmp_path, "install", made, "--build", "--json")
    assert built.code == 0, built.err
    assert built.data["is_built"]
    assert elsewhere(tmp_path, "run", made, "input.txt").code == 0


def test_one_environment_inside_leaves_the_others_to_the_index(
    sandbox: Sandbox, made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in offline(tmp_path).items():
        monkeypatch.setenv(name, value)
    sandbox.workflow("tested", "report_alpha: {}\nreport_beta: {}", "deliver: [report_alpha.report]")
    words = ("pipeline", "package", "make", "tested", "-o", made, "--json")
    whole = sandbox.give(*words, "--with-environments").data["size"]
    done = sandbox.give(*words, "--environment", "alpha")
    assert done.code == 0, done.err
    assert done.data["size"] < whole
    package = install.install(manifest.read(made), quiet).package
    tasks = install.build(package, quiet)
    assert sorted(each.name for each in tasks) == ["environment alpha", "environment beta"]


@pytest.mark.parametrize("words", [("--environment", "alfa"), ("--model", "nothing"), ("--environment", "beta")])
def test_only_what_the_workflow_uses_can_be_chosen(sandbox: Sandbox, made: Path, words: tuple[str, str]) -> None:
    done = sandbox.give("pipeline", "package", "make", "tested", "-o", made, *words)
    assert (done.code, done.next_step) == (2, "pipeline package make --help")
    assert words[1] in done.error


def test_two_packages_of_one_lock_share_one_build(sandbox: Sandbox, made: Path, tmp_path: Path) -> None:
    assert elsewhere(tmp_path, "run", made, "input.txt", "--build").code == 0
    sandbox.workflow("tested", "report_alpha: {}\nnoop: {after: [report_alpha]}", "deliver: [report_alpha.report]")
    second = tmp_path / "second.pkg"
    assert sandbox.give("pipeline", "package", "make", "tested", "-o", second).code == 0
    done = elsewhere(tmp_path, "run", second, "input.txt")
    assert done.code == 0, done.err
    assert len(elsewhere(tmp_path, "list", "--json").data) == 2


def test_a_package_that_is_refused_ends_with_the_code_for_inputs(made: Path, tmp_path: Path) -> None:
    made.write_bytes(made.read_bytes()[:2000])
    done = elsewhere(tmp_path, "run", made, "input.txt", "--json")
    assert done.code == 5
    assert json.loads(done.out or done.err.splitlines()[-1])


def test_a_place_that_isn_t_there_is_told_first(sandbox: Sandbox, made: Path, tmp_path: Path) -> None:
    done = sandbox.give("pipeline", "package", "make", "tested", "-o", tmp_path / "no/p.pkg")
    assert (done.code, done.next_step) == (2, f"mkdir -p {tmp_path / 'no'}")


def test_models_inside_are_put_into_the_store_by_their_digests(sandbox: Sandbox, made: Path, tmp_path: Path) -> None:
    weights = b"some weights"
    sandbox.write("models/tiny/weights.bin", weights.decode())
    digest = sha256_of_bytes(weights).removeprefix("sha256:")
    entry = f"tiny: {{files: {{weights.bin: '{digest}'}}, sources: [{{folder: models/tiny}}]}}\n"
    sandbox.write("config/models.yaml", entry)
    sandbox.write("config/environments/alpha.yaml", 'python: ">=3.11"\nimports: [quirk]\nmodels: [tiny]\n')
    words = ("pipeline", "package", "make", "tested", "-o", made, "--with-models", "--json")
    done = sandbox.give(*words)
    assert done.code == 0, done.err
    assert done.data["models"]["tiny"]["inside"]
    ran = elsewhere(tmp_path, "run", made, "input.txt", "--build")
    assert ran.code == 0, ran.err
    stored = list((user_store() / "models").rglob("weights.bin"))
    assert [each.read_bytes() for each in stored] == [weights]


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="there is no ssh-keygen here")
def test_a_signed_package_is_installed_where_its_signer_is_allowed(
    sandbox: Sandbox, made: Path, tmp_path: Path
) -> None:
    key, allowed = tmp_path / "key", tmp_path / "allowed"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    allowed.write_text(f"anna@example.org {key.with_suffix('.pub').read_text()}")
    unsigned = elsewhere(tmp_path, "install", made, "--signed-by", allowed)
    assert unsigned.code == 5
    signed = sandbox.give("pipeline", "package", "make", "tested", "-o", made, "--sign", key, "--json")
    assert Path(signed.data["signature"]).is_file()
    assert elsewhere(tmp_path, "show", made, "--signed-by", allowed, "--json").data["signer"] == "anna@example.org"
    assert elsewhere(tmp_path, "install", made, "--signed-by", allowed).code == 0


def test_the_next_command_after_a_failure_works_from_anywhere(sandbox: Sandbox, made: Path, tmp_path: Path) -> None:
    sandbox.write("stages/report_alpha.py", (sandbox.root / "stages/report_alpha.py").read_text() + "\n\ndel run\n")
    assert sandbox.give("pipeline", "package", "make", "tested", "-o", made).code == 0
    done = elsewhere(tmp_path, "run", made, "input.txt", "--build")
    assert done.code == 4
    assert done.next_step.startswith(f"export PIPELINE_ROOT={user_store()}/packages/tested-")


def test_several_inputs_are_refused_before_anything_is_installed(made: Path, tmp_path: Path) -> None:
    done = elsewhere(tmp_path, "run", made, "input.txt", "input.txt")
    assert (done.code, done.next_step) == (2, f"pipeline package run {made} INPUT\nfor each file")
    assert not user_store().exists()
