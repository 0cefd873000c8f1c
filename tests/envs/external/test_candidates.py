"""What is found out about an external environment, when it is asked again, and what keeps it from being used."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.envs.definition import Definition
from pipeline.envs.external import candidates
from pipeline.envs.external.environment import Unusable
from pipeline.envs.external.inspection_cache import InspectionCache
from pipeline.errors import NotReady
from tests.conftest import wheel_of
from tests.envs.external.conftest import Heard, install, site_packages

Define = Callable[..., Definition]


def problem(definition: Definition, folder: Path, cache: InspectionCache, heard: Heard) -> str | None:
    return candidates.external_problem(definition, candidates.inspect(folder, cache), cache, heard.append)


def refuse(*arguments: object, **_: object) -> None:
    raise AssertionError(f"a process is started: {arguments}")


def add_package(prefix: Path, name: str) -> Path:
    info = site_packages(prefix) / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "RECORD").write_text(f"{name}.py,,\n")
    return info


def test_two_environments_with_the_same_packages_are_the_same(
    venv: Path, tmp_path: Path, cache: InspectionCache
) -> None:
    copy = shutil.copytree(venv, tmp_path / "copy", symlinks=True)
    assert candidates.inspect(venv, cache).record.key == candidates.inspect(copy, cache).record.key


def test_a_conda_environment_is_another_than_a_venv_of_the_same_packages(
    venv: Path, conda: Path, cache: InspectionCache
) -> None:
    assert candidates.inspect(venv, cache).record.key != candidates.inspect(conda, cache).record.key


def test_nothing_is_started_for_one_that_is_known(
    venv: Path, cache: InspectionCache, wanted: Define, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert problem(wanted(), venv, cache, heard) is None
    monkeypatch.setattr(subprocess.Popen, "__init__", refuse)
    assert problem(wanted(), venv, cache, heard) is None


def test_other_imports_are_proved_again(venv: Path, cache: InspectionCache, wanted: Define, heard: Heard) -> None:
    assert problem(wanted(), venv, cache, heard) is None
    reason = problem(wanted(imports=("nothing_such",)), venv, cache, heard)
    assert str(reason).endswith("ModuleNotFoundError: No module named 'nothing_such'")


def test_imports_that_failed_are_tried_again(venv: Path, cache: InspectionCache, wanted: Define, heard: Heard) -> None:
    module = site_packages(venv) / "quirk.py"
    module.write_text("import os\nassert os.path.exists(__file__ + '.library')\n")
    assert "AssertionError" in str(problem(wanted(), venv, cache, heard))
    module.with_name("quirk.py.library").touch()
    assert problem(wanted(), venv, cache, heard) is None


CHANGES: dict[str, Callable[[Path], object]] = {
    "a package more": lambda prefix: add_package(prefix, "more"),
    "a package less": lambda prefix: shutil.rmtree(site_packages(prefix) / "quirk-1.0.dist-info"),
    "another version": lambda prefix: (site_packages(prefix) / "quirk-1.0.dist-info").rename(
        site_packages(prefix) / "quirk-2.0.dist-info"
    ),
    "a package installed again with other files": lambda prefix: (
        site_packages(prefix) / "quirk-1.0.dist-info/RECORD"
    ).write_text("quirk.py,sha256=other,1\n"),
    "a loose module": lambda prefix: (site_packages(prefix) / "loose.py").write_text("A = 1\n"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_is_installed_decides_which_it_is(
    venv: Path, cache: InspectionCache, change: Callable[[Path], object]
) -> None:
    before = candidates.inspect(venv, cache).record
    change(venv)
    after = candidates.inspect(venv, cache).record
    assert (after.key, after.fingerprint) != (before.key, before.fingerprint)
    assert after.key != before.key


def test_a_package_that_conda_records_decides_which_it_is(conda: Path, cache: InspectionCache) -> None:
    before = candidates.inspect(conda, cache).record.key
    (conda / "conda-meta" / "ffmpeg-6.1-0.json").write_text("{}")
    assert candidates.inspect(conda, cache).record.key != before


def test_a_touched_folder_is_looked_at_again_and_is_the_same(venv: Path, cache: InspectionCache) -> None:
    before = candidates.inspect(venv, cache).record
    os.utime(site_packages(venv), ns=(1, 1))
    after = candidates.inspect(venv, cache).record
    assert (after.fingerprint == before.fingerprint, after.key == before.key) == (False, True)


@pytest.mark.parametrize(
    "edit",
    [
        lambda _: b"{torn",
        lambda _: b"[]",
        lambda _: b"null",
        lambda note: json.dumps({**note, "schema": 2}).encode(),
        lambda note: json.dumps({**note, "prefix": "'/elsewhere'"}).encode(),
        lambda note: json.dumps({**note, "facts": {}}).encode(),
        lambda note: json.dumps({**note, "caveat": []}).encode(),
        lambda note: json.dumps({**note, "fingerprint": None}).encode(),
    ],
)
def test_a_note_that_is_not_ours_is_forgotten(
    venv: Path, cache: InspectionCache, tmp_path: Path, edit: Callable[[dict[str, object]], bytes]
) -> None:
    key = candidates.inspect(venv, cache).record.key
    (file,) = (tmp_path / "cache/adopted").iterdir()
    file.write_bytes(edit(json.loads(file.read_bytes())))
    assert candidates.inspect(venv, cache).record.key == key


def test_without_a_place_for_notes_it_is_asked_each_time(venv: Path, tmp_path: Path) -> None:
    (tmp_path / "in the way").write_text("")
    cache = InspectionCache(tmp_path / "in the way" / "adopted")
    assert candidates.inspect(venv, cache).record.key == candidates.inspect(venv, cache).record.key


def test_the_wrong_python_is_named(venv: Path, cache: InspectionCache, wanted: Define, heard: Heard) -> None:
    assert str(problem(wanted(python=">=4"), venv, cache, heard)).count(">=4") == 1
    assert heard == []


def test_a_module_that_ends_its_process_is_no_answer(
    venv: Path, cache: InspectionCache, wanted: Define, heard: Heard
) -> None:
    (site_packages(venv) / "quirk.py").write_text("import os; os.abort()\n")
    assert str(problem(wanted(), venv, cache, heard)).endswith("signal 6")


def test_one_that_should_provide_programs_cannot(
    venv: Path, cache: InspectionCache, wanted: Define, heard: Heard
) -> None:
    reason = problem(wanted(provides=(("ffmpeg", "ffmpeg"),)), venv, cache, heard)
    assert "ffmpeg" in str(reason)


def test_looking_writes_nothing_into_it(venv: Path, cache: InspectionCache, wanted: Define, heard: Heard) -> None:
    before = {path: path.lstat().st_mtime_ns for path in [venv, *venv.rglob("*")]}
    assert problem(wanted(), venv, cache, heard) is None
    assert {path: path.lstat().st_mtime_ns for path in [venv, *venv.rglob("*")]} == before


@pytest.mark.parametrize(
    ("variant", "said", "reason"),
    [
        ("cu128", "None", "it carries a CPU build of torch, and this machine has cu128"),
        ("cu128", "'12.8'", None),
        ("cpu", "'12.8'", None),
        ("", "None", None),
    ],
)
def test_torch_must_be_built_for_the_accelerator(
    venv: Path,
    cache: InspectionCache,
    wanted: Define,
    heard: Heard,
    variant: str,
    said: str,
    reason: str | None,
) -> None:
    (site_packages(venv) / "torch").mkdir()
    (site_packages(venv) / "torch/version.py").write_text(f"cuda: Optional[str] = {said}\n")
    assert problem(wanted(variant=variant), venv, cache, heard) == reason


def test_without_torch_no_accelerator_is_missed(
    venv: Path, cache: InspectionCache, wanted: Define, heard: Heard
) -> None:
    assert problem(wanted(variant="cu128"), venv, cache, heard) is None


def test_a_package_that_may_be_edited_is_told(venv: Path, cache: InspectionCache) -> None:
    info = add_package(venv, "mine")
    (info / "direct_url.json").write_text('{"url": "file:///home", "dir_info": {"editable": true}}')
    assert candidates.inspect(venv, cache).record.caveat == "mine is installed from a folder that may be edited"


def test_a_folder_of_modules_on_its_path_is_told(venv: Path, cache: InspectionCache, tmp_path: Path) -> None:
    (tmp_path / "loose").mkdir()
    (site_packages(venv) / "loose.pth").write_text(f"{tmp_path / 'loose'}\n")
    assert str(tmp_path / "loose") in str(candidates.inspect(venv, cache).record.caveat)


def test_an_interpreter_is_checked_without_being_built(
    venv: Path, cache: InspectionCache, wanted: Define, heard: Heard
) -> None:
    said = candidates.check(wanted(lock=None, interpreter=venv), cache, heard.append)
    assert re.search(rf"{re.escape(str(venv))}, Python 3\.", said)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [({"python": ">=4"}, "and >=4 is asked for"), ({"interpreter": Path("/nowhere")}, "isn't there")],
)
def test_an_interpreter_that_does_not_fit_is_named_with_what_helps(
    venv: Path, cache: InspectionCache, wanted: Define, heard: Heard, changes: dict[str, object], reason: str
) -> None:
    with pytest.raises(NotReady, match=reason) as caught:
        candidates.check(wanted(**{"lock": None, "interpreter": venv, **changes}), cache, heard.append)
    assert "'alpha'" in str(caught.value.next_step)


@pytest.fixture
def listing(venv: Path, wanted: Define) -> Definition:
    return wanted(legacy=(venv,))


def test_a_job_finds_again_what_it_was_prepared_for(listing: Definition, venv: Path, cache: InspectionCache) -> None:
    key = candidates.inspect(venv, cache).record.key
    assert candidates.find_again(listing, str(venv), key, cache) == candidates.inspect(venv, cache).build("alpha")


def test_a_place_that_the_definition_does_not_name_is_never_gone_to(
    listing: Definition, venv: Path, cache: InspectionCache, wanted: Define
) -> None:
    key = candidates.inspect(venv, cache).record.key
    with pytest.raises(Unusable, match=r"its definition doesn't name .* any more"):
        candidates.find_again(wanted(), str(venv), key, cache)


def test_a_place_where_something_else_is_now_is_refused(
    listing: Definition, venv: Path, cache: InspectionCache
) -> None:
    key = candidates.inspect(venv, cache).record.key
    add_package(venv, "more")
    with pytest.raises(Unusable, match=re.escape(str(venv))):
        candidates.find_again(listing, str(venv), key, cache)


def test_a_place_that_is_gone_is_named(listing: Definition, venv: Path, cache: InspectionCache, tmp_path: Path) -> None:
    key = candidates.inspect(venv, cache).record.key
    venv.rename(tmp_path / "moved")
    with pytest.raises(Unusable, match="old: "):
        candidates.find_again(listing, str(venv), key, cache)


def install_both(prefix: Path, folder: Path, *names: str) -> None:
    (folder / "wheels").mkdir()
    for name in names:
        wheel_of(folder / "wheels", name, {"common.py": name.encode(), "LICENSE": name.encode()})
        install(prefix, folder, "pip", "install", "--python", str(prefix / "bin/python"), name)


def test_a_file_of_two_packages_is_refused_as_in_a_build(
    venv: Path, cache: InspectionCache, wanted: Define, heard: Heard, tmp_path: Path
) -> None:
    install_both(venv, tmp_path, "tinya", "tinyb")
    reason = str(problem(wanted(), venv, cache, heard))
    assert "tinya and tinyb both install common.py" in reason
    assert "overlaps: {prefer: [tinyb]} in config/environments/alpha.yaml" in reason


@pytest.mark.parametrize(("preferred", "fits"), [("tinyb", True), ("tinya", False)])
def test_a_file_of_two_packages_must_be_the_preferred_one_s(
    venv: Path,
    cache: InspectionCache,
    wanted: Define,
    heard: Heard,
    tmp_path: Path,
    preferred: str,
    fits: bool,
) -> None:
    install_both(venv, tmp_path, "tinya", "tinyb")
    reason = problem(wanted(preferred=(preferred,)), venv, cache, heard)
    assert (reason is None) is fits, reason
    assert fits or "common.py isn't tinya's" in str(reason)
