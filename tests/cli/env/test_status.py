"""``pipeline env status``."""

from pipeline.envs.notes import FOLDER
from tests.cli.env.conftest import COPY, build_of, status_rows
from tests.conftest import Sandbox


def test_status_shows_external_environments(with_build: Sandbox) -> None:
    with_build.write("config/environments/theirs.yaml", f"interpreter: {build_of(with_build).prefix}\n")
    with_build.write("config/environments/gone.yaml", "interpreter: nowhere\n")
    rows = status_rows(with_build)
    assert (rows["theirs"]["state"], rows["theirs"]["problem"], rows["theirs"]["lock"]) == ("used as it is", None, None)
    assert rows["gone"]["state"] == "unusable"
    assert f"{with_build.root}/nowhere" in str(rows["gone"]["problem"])
    assert rows["alpha"]["state"] == "healthy"


def test_status_leads_to_the_lock_where_that_is_wrong(with_build: Sandbox) -> None:
    with_build.write("requirements/alpha.lock", "quirk==1.0\n")
    row = status_rows(with_build)["alpha"]
    assert row["next"] == "pipeline env lock alpha"
    assert str(row["problem"]).startswith("requirements/alpha.lock:1: quirk ")


def test_status_tells_size_lock_and_builds(with_build: Sandbox) -> None:
    row = status_rows(with_build)["alpha"]
    assert (row["state"], row["lock"], row["builds"], row["uses"]) == ("healthy", "alpha.lock", 1, 0)
    assert isinstance(row["size"], int)
    assert row["size"] > 4096
    assert isinstance(row["last_build_seconds"], float)
    assert "alpha.lock" in with_build.give("pipeline", "env", "status").out


def test_status_counts_runs(with_build: Sandbox) -> None:
    with_build.workflow("one", COPY)
    job = with_build.prepare("one")
    done = with_build.run("run-pipeline", "--job", job)
    assert done.code == 0, done.err
    row = status_rows(with_build, "alpha")["alpha"]
    assert row["uses"] == 1
    assert row["last_used"] is not None


def test_a_run_counts_nothing_where_nothing_can_be_written(with_build: Sandbox) -> None:
    with_build.workflow("one", COPY)
    job = with_build.prepare("one")
    notes = with_build.root / "venv" / FOLDER
    for note in notes.iterdir():
        note.unlink()
    notes.rmdir()
    notes.write_text("in the way")
    done = with_build.run("run-pipeline", "--job", job)
    assert done.code == 0, done.err
    assert status_rows(with_build)["alpha"]["uses"] == 0


def test_status_shows_builds_that_no_definition_names(with_build: Sandbox) -> None:
    (with_build.root / "config/environments/alpha.yaml").unlink()
    row = status_rows(with_build)["alpha"]
    assert (row["state"], row["next"]) == ("undefined", "pipeline env gc")
    assert build_of(with_build).prefix.name in with_build.give("pipeline", "env", "status").out


def test_a_broken_definition_is_a_row(with_build: Sandbox) -> None:
    with_build.write("config/environments/broken.yaml", "pythn: 3\n")
    rows = status_rows(with_build)
    assert (rows["broken"]["state"], rows["alpha"]["state"]) == ("broken", "healthy")
