"""Only what is damaged is installed again; the rest is linked, and all of it is proved before it counts."""

import errno
import os
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from pipeline import values
from pipeline.envs.build import Build
from pipeline.envs.builder.builder import Builder
from pipeline.envs.builder.installer import Installer
from pipeline.envs.definition import Definition
from pipeline.envs.registry import MARKER, RETIRED, Registry
from pipeline.envs.repair.paths import Unsalvageable
from pipeline.envs.repair.repair import Repair, repair
from pipeline.envs.repair.salvage import Salvage
from pipeline.envs.verification import content, file_check, health, manifest, probes
from pipeline.envs.verification.comparison import DamagedFile
from pipeline.envs.verification.file_digests import Reader
from pipeline.envs.verification.manifest import Folders
from pipeline.errors import NotReady, PipelineError
from pipeline.progress import quiet
from tests.envs.repair.conftest import NATIVE, Bench, overwrite, packages_of


def mend(bench: Bench, steps: list[str] | None = None) -> Repair:
    """The repair, whose build must be whole and live."""
    done = repair(bench.builder, bench.definition, steps.append if steps is not None else quiet)
    assert file_check.thorough(done.build).problems == ()
    assert health.problem(done.build) is None
    assert bench.builder.registry.live("alpha") == done.build
    return done


def cut_native(bench: Bench) -> Path:
    file = bench.site_packages / "library/native.so"
    os.truncate(file, 1000)
    return file


def test_nothing_is_done_where_nothing_is_damaged(bench: Bench) -> None:
    assert mend(bench) == Repair(bench.build)


def test_a_cut_off_library_is_installed_again_from_the_cache_without_network(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    with index(bench.folder / "wheels", monkeypatch):
        build = bench.builder.ensure(bench.definition, quiet, force=True)
    monkeypatch.setenv("UV_OFFLINE", "1")  # and no server would answer
    bench = replace(bench, build=build)
    file = bench.site_packages / "library/native.so"
    file.unlink()  # which uv's cache may share
    file.write_bytes(NATIVE[:1000])
    done = mend(bench)
    assert done.reinstalled == ("library",)
    assert done.rebuild_reason is None
    assert [re.findall(r"library/native\.so|\d+", problem) for problem in done.problems] == [
        ["library/native.so", "1000", "16384"]
    ]
    assert (packages_of(done.build) / "library/native.so").read_bytes() == NATIVE
    assert done.build.key == bench.build.key
    assert done.build.prefix != bench.build.prefix


@contextmanager
def index(wheels: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A package index that lives for as long as this."""
    for wheel in list(wheels.iterdir()):
        folder = wheels / wheel.name.split("-")[0]
        folder.mkdir()
        wheel.rename(folder / wheel.name)
        (folder / "index.html").write_text(f'<a href="{wheel.name}">{wheel.name}</a>')
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Silent, directory=str(wheels)))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    for name in ("UV_OFFLINE", "UV_NO_INDEX", "UV_FIND_LINKS"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("UV_DEFAULT_INDEX", f"http://127.0.0.1:{server.server_port}/")
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join(30)


class Silent(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


def test_damage_that_size_and_time_hide_is_found_and_mended(bench: Bench) -> None:
    overwrite(bench.site_packages / "library/native.so", NATIVE[::-1])
    assert file_check.quick(bench.build).is_clean
    assert mend(bench).reinstalled == ("library",)


def test_more_damage_than_size_and_time_show_is_mended_too(bench: Bench) -> None:
    cut_native(bench)
    overwrite(bench.site_packages / "third.py", b"THIRD = 9\n")
    done = mend(bench)
    assert done.reinstalled == ("library", "third")
    assert done.rebuild_reason is None


def test_files_of_whole_packages_are_linked_and_what_two_share_with_a_damaged_one_is_copied(bench: Bench) -> None:
    cut_native(bench)
    repaired = packages_of(mend(bench).build)
    assert (repaired / "program.py").samefile(bench.site_packages / "program.py")
    assert (repaired / "a, b/été.txt").samefile(bench.site_packages / "a, b/été.txt")
    assert not (repaired / "shared/common.py").samefile(bench.site_packages / "shared/common.py")


def test_scripts_name_the_new_folder_and_run(bench: Bench) -> None:
    cut_native(bench)
    build = mend(bench).build
    script = build.prefix / "bin/it"
    assert str(build.prefix) in script.read_text()
    assert bench.build.prefix.name not in script.read_text()
    assert subprocess.run([script], capture_output=True, check=True, timeout=30).stdout == b"it runs\n"
    assert str(bench.build.prefix) in (bench.build.prefix / "bin/it").read_text()


@pytest.mark.parametrize("name", ["pro ject", "it's", "$HOME", "deep" * 30, "plain"])
def test_scripts_run_wherever_the_project_was_moved(bench: Bench, name: str) -> None:
    for place in (name, "again"):  # and from there back to a path without special characters
        folder = shutil.copytree(bench.folder, bench.folder.parent / "moved" / place, symlinks=True)
        lock = folder / "alpha.lock"
        builder = replace(bench.builder, registry=Registry(folder / "venv"), logs=folder / "logs")
        bench = replace(bench, builder=builder, definition=replace(bench.definition, lock=lock), folder=folder)
        done = mend(bench)
        assert done.rebuild_reason is None
        script = done.build.prefix / "bin/it"
        assert subprocess.run([script], capture_output=True, check=True, timeout=30).stdout == b"it runs\n"
    shutil.rmtree(bench.folder.parent)


def test_bytecode_is_taken_over_and_is_what_python_takes(bench: Bench) -> None:
    cut_native(bench)
    before = set(bytecode(bench.build))
    build = mend(bench).build
    assert set(bytecode(build)) == before
    for file in before:
        source = packages_of(build) / file_check.source_of(file)
        header = (packages_of(build) / file).read_bytes()[8:16]
        expected = int(source.stat().st_mtime), source.stat().st_size
        assert (int.from_bytes(header[:4], "little"), int.from_bytes(header[4:], "little")) == expected


def bytecode(build: Build) -> list[str]:
    return [path.relative_to(packages_of(build)).as_posix() for path in packages_of(build).rglob("*.pyc")]


def alter_bytecode(bench: Bench) -> None:
    (file,) = (bench.site_packages / "library/__pycache__").glob("part.*.pyc")
    data = file.read_bytes()
    overwrite(file, data[:-1] + bytes([data[-1] ^ 1]))


def remove_bytecode(bench: Bench) -> None:
    for folder in list(bench.site_packages.rglob("__pycache__")):
        shutil.rmtree(folder)


def add_file(bench: Bench) -> None:
    (bench.site_packages / "library/json.py").write_text("raise SystemExit\n")


def leave_behind(bench: Bench) -> None:
    (bench.site_packages / "~ibrary").mkdir()
    (bench.site_packages / "~ibrary/part.py").touch()


def edit_activation(bench: Bench) -> None:
    with (bench.build.prefix / "bin/activate").open("a") as file:
        file.write("export PYTHONPATH=/somewhere\n")


def break_interpreter(bench: Bench) -> None:
    bench.build.python.unlink()
    bench.build.python.symlink_to("/nowhere/python")


def edit_configuration(bench: Bench) -> None:
    with (bench.build.prefix / "pyvenv.cfg").open("a") as file:
        file.write("include-system-site-packages = true\n")


def add_package(bench: Bench) -> None:
    """As `pip install` by a person does."""
    folder = bench.site_packages / "foreign-1.0.dist-info"
    folder.mkdir()
    (folder / "RECORD").write_text("foreign.py,,\nforeign-1.0.dist-info/RECORD,,\n")
    (bench.site_packages / "foreign.py").touch()


@pytest.mark.parametrize(
    ("harm", "word"),
    [
        (alter_bytecode, "library: library/__pycache__/part."),
        (remove_bytecode, ".pyc is missing"),
        (add_file, "library/json.py was added"),
        (leave_behind, "~ibrary was left by an interrupted install"),
        (edit_activation, "bin/activate has"),
        (break_interpreter, "its interpreter"),
        (edit_configuration, "pyvenv.cfg has"),
        (add_package, "foreign-1.0 was added"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_is_no_package_s_file_is_mended_without_installing_any(
    bench: Bench, harm: Callable[[Bench], None], word: str
) -> None:
    before = set(bytecode(bench.build))
    harm(bench)
    shutil.rmtree(bench.folder / "uv-cache")
    shutil.rmtree(bench.folder / "wheels")  # so that nothing could be installed
    (bench.folder / "wheels").mkdir()
    done = mend(bench)
    assert word in done.problems[0]
    assert done.rebuild_reason is None
    assert done.reinstalled == ()
    assert set(bytecode(done.build)) == before
    assert not (packages_of(done.build) / "foreign.py").exists()


def cut_record(bench: Bench) -> None:
    record = bench.site_packages / "library-1.0.dist-info/RECORD"
    record.write_text("".join(record.read_text().splitlines(keepends=True)[:1]))


def garble_record(bench: Bench) -> None:
    (bench.site_packages / "library-1.0.dist-info/RECORD").write_bytes(b"\xff\xfe\0")


def remove_record(bench: Bench) -> None:
    (bench.site_packages / "library-1.0.dist-info/RECORD").unlink()


def remove_metadata(bench: Bench) -> None:
    shutil.rmtree(bench.site_packages / "library-1.0.dist-info")


def remove_package(bench: Bench) -> None:
    shutil.rmtree(bench.site_packages / "library-1.0.dist-info")
    shutil.rmtree(bench.site_packages / "library")


def other_version(bench: Bench) -> None:
    """As `pip install library==2.0` by a person does."""
    old = bench.site_packages / "library-1.0.dist-info"
    old.rename(bench.site_packages / "library-2.0.dist-info")
    (bench.site_packages / "library/part.py").write_text("PART = 2\n")


def touch_source(bench: Bench) -> None:
    os.utime(bench.site_packages / "library/part.py", ns=(0, 0))


def file_in_a_folder_s_place(bench: Bench) -> None:
    shutil.rmtree(bench.site_packages / "library")
    (bench.site_packages / "library").touch()


@pytest.mark.parametrize(
    "harm",
    [
        cut_record,
        garble_record,
        remove_record,
        remove_metadata,
        remove_package,
        other_version,
        touch_source,
        file_in_a_folder_s_place,
    ],
    ids=lambda harm: harm.__name__,
)
def test_a_package_that_is_not_whole_is_installed_again(bench: Bench, harm: Callable[[Bench], None]) -> None:
    harm(bench)
    done = mend(bench)
    assert done.reinstalled == ("library",)
    assert done.rebuild_reason is None
    assert (packages_of(done.build) / "library/part.py").read_text() == "PART = 1\n"


def test_a_cache_that_is_damaged_as_well_is_cleaned(bench: Bench) -> None:
    cut_native(bench)
    for copy in (bench.folder / "uv-cache").rglob("native.so"):
        os.truncate(copy, 1000)
    steps: list[str] = []
    done = mend(bench, steps)
    assert done.rebuild_reason is None
    assert done.reinstalled == ("library",)
    assert "forgetting the damaged library in uv's cache" in steps


def remove_list(bench: Bench) -> None:
    (bench.build.prefix / manifest.NAME).unlink()


def edit_list(bench: Bench) -> None:
    with (bench.build.prefix / manifest.NAME).open("a") as file:
        file.write("\n")


def change_lock(bench: Bench) -> None:
    with bench.definition.locked.open("a") as file:
        file.write("# another\n")


def remove_build(bench: Bench) -> None:
    shutil.rmtree(bench.build.prefix)


@pytest.mark.parametrize(
    ("harm", "reason"),
    [
        (remove_list, "the list of its files is gone or has changed"),
        (edit_list, "the list of its files is gone or has changed"),
        (change_lock, "its lock, Python, accelerator or what steers builds has changed since it was built"),
        (remove_build, "there was no finished build of it"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_all_is_built_again_where_there_is_nothing_to_go_by(
    bench: Bench, harm: Callable[[Bench], None], reason: str
) -> None:
    harm(bench)
    assert mend(bench).rebuild_reason == reason


def test_all_is_built_again_where_the_packages_alone_can_not_be_mended(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut_native(bench)

    def refuse(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr("pipeline.envs.repair.salvage.Salvage.put_whole", refuse)
    assert mend(bench).rebuild_reason is not None


def test_a_program_that_holds_the_old_path_takes_a_whole_build(bench: Bench) -> None:
    cut_native(bench)
    assert build_with_launcher(bench).rebuild_reason is not None


def build_with_launcher(bench: Bench) -> Repair:
    """As on Windows, where a script is a small program."""
    script = bench.build.prefix / "bin/it"
    overwrite(script, script.read_bytes() + b"\0")
    record = bench.site_packages / "program-1.0.dist-info/RECORD"
    digest = Reader().read(str(script), ("sha256",)).digests["sha256"]
    lines = [
        f"../../../bin/it,{digest},{script.stat().st_size}" if "bin/it" in line else line
        for line in record.read_text().splitlines()
    ]
    overwrite(record, "\n".join([*lines, ""]).encode())
    relist(bench.build)
    (again,) = [bench.builder.registry.live("alpha")]
    assert again is not None
    return mend(replace(bench, build=again))


def relist(build: Build) -> None:
    """Let the list say that what is there now was built so, but for the library that is cut off."""
    file = packages_of(build) / "library/native.so"
    data, status = file.read_bytes(), file.stat()
    file.write_bytes(NATIVE)
    marker = values.replace(
        build.own_marker,
        manifest=manifest.write(build.prefix, packages_of(build), {}),
        fingerprint=health.fingerprint(packages_of(build)),
    )
    (build.prefix / MARKER).write_bytes(values.encode(marker))
    overwrite(file, data)
    os.utime(file, ns=(0, status.st_mtime_ns))


def test_a_full_disk_ends_the_repair_and_leaves_everything_as_it_was(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut_native(bench)
    before = sorted(bench.builder.registry.builds.iterdir())

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("pipeline.envs.repair.salvage.Salvage.put_whole", refuse)
    with pytest.raises(OSError, match="No space left"):
        repair(bench.builder, bench.definition, quiet)
    assert sorted(bench.builder.registry.builds.iterdir()) == before
    assert bench.builder.registry.live("alpha") == bench.build


def test_a_process_that_runs_in_the_damaged_build_goes_on_in_it(bench: Bench) -> None:
    code = (
        "import sys, library; print('up', flush=True); sys.stdin.read(); import third, program; print(third.__file__)"
    )
    with subprocess.Popen(
        [bench.build.python, "-I", "-B", "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == b"up\n"
        cut_native(bench)
        done = mend(bench)
        out, _ = running.communicate(timeout=30)
    assert out.decode().strip() == str(bench.site_packages / "third.py")
    assert running.returncode == 0
    assert (bench.build.prefix / RETIRED).is_file()
    assert done.build.prefix != bench.build.prefix


def test_a_repair_reads_each_file_of_the_old_build_before_the_new_one_counts(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut_native(bench)
    read: list[Path] = []
    real = content.damaged

    def reading(folder: Path, *rest: object) -> list[DamagedFile]:
        read.append(folder)
        return real(folder, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(content, "damaged", reading)
    repair(bench.builder, bench.definition, quiet)
    assert read == [bench.site_packages]


def test_what_was_installed_again_is_imported_again_and_what_is_byte_for_byte_the_same_is_not(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, ...]] = []

    def first_problem(definition: Definition, place: probes.ProbeEnvironment) -> None:
        asked.append(definition.imports)

    monkeypatch.setattr(probes, "first_problem", first_problem)
    cut_native(bench)
    mend(bench)
    assert asked == [("library",)]


def test_a_repair_that_can_not_prove_its_build_falls_back_and_then_says_why(bench: Bench) -> None:
    cut_native(bench)
    wanted = replace(bench.definition, imports=("absent",))
    with pytest.raises(NotReady, match="No module named 'absent'"):
        repair(bench.builder, wanted, quiet)
    assert bench.builder.registry.live("alpha") == bench.build


def test_a_list_is_by_folder_and_says_what_links_lead_to(bench: Bench) -> None:
    folders: Folders | None = manifest.read(bench.build.prefix, bench.build.own_marker.manifest)
    assert folders is not None
    assert len(folders["bin"]["python"]) == 1
    inside = bench.build.own_marker.site_packages
    for folder in (inside, f"{inside}/library", f"{inside}/library/__pycache__", f"{inside}/library-1.0.dist-info"):
        assert all(entry[2].startswith("blake3=") for entry in folders[folder].values())


def test_a_source_that_a_damaged_package_shares_keeps_the_time_that_its_bytecode_has(bench: Bench) -> None:
    cut_native(bench)
    file = "shared/common.py"
    repaired = packages_of(mend(bench).build) / file
    assert repaired.stat().st_mtime_ns == (bench.site_packages / file).stat().st_mtime_ns


def test_a_repair_does_not_hide_that_requirements_were_edited(bench: Bench) -> None:
    asked = bench.folder / "alpha.txt"
    asked.write_text("library==2.0\n")
    with pytest.raises(PipelineError, match=re.escape("library==2.0")):
        repair(bench.builder, replace(bench.definition, requirements=asked), quiet)
    assert bench.builder.registry.live("alpha") == bench.build


def test_bytecode_of_a_package_whose_metadata_is_gone_is_proved_before_it_is_taken_over(bench: Bench) -> None:
    (file,) = (bench.site_packages / "library/__pycache__").glob("part.*.pyc")
    whole = file.read_bytes()
    alter_bytecode(bench)
    assert file.read_bytes()[-1] != whole[-1]
    shutil.rmtree(bench.site_packages / "library-1.0.dist-info")
    done = mend(bench)
    assert done.rebuild_reason is None
    assert (packages_of(done.build) / "library/__pycache__" / file.name).read_bytes()[-1] == whole[-1]


def test_a_repair_lists_every_file_with_a_digest_and_takes_those_of_whole_files_from_the_old_list(bench: Bench) -> None:
    cut_native(bench)
    old = manifest.read(bench.build.prefix, bench.build.own_marker.manifest)
    build = mend(bench).build
    new = manifest.read(build.prefix, build.own_marker.manifest)
    assert old is not None
    assert new is not None
    inside = build.own_marker.site_packages
    assert new[inside]["third.py"] == old[inside]["third.py"]
    assert [name for names in new.values() for name, entry in names.items() if len(entry) == 2] == []


def test_what_is_asked_of_the_installer_beside_the_linking_has_ended_when_that_fails(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[str] = []

    def warm_up(installer: Installer) -> None:
        time.sleep(0.2)
        ended.append("warm")

    def put_whole(salvage: Salvage) -> None:
        raise Unsalvageable("nothing is whole")

    def build(*_: object, **__: object) -> Build:
        assert ended == ["warm"]
        raise NotReady("that was all")

    cut_native(bench)
    monkeypatch.setattr(Installer, "warm_up", warm_up)
    monkeypatch.setattr(Salvage, "put_whole", put_whole)
    monkeypatch.setattr(Builder, "make_whole", build)
    with pytest.raises(NotReady, match="that was all"):
        repair(bench.builder, bench.definition, quiet)
