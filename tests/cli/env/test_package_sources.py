"""Where packages come from and how they are built means the same in each command that fetches or builds."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Sandbox, make_sandbox, make_wheel, wheel_of
from tests.package_index import sdist, served

LOGIN = "me:s3cret"
INSTALLED = "venv/{name}/lib/python3*/site-packages/{file}"


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    folder = tmp_path / "index"
    folder.mkdir()
    make_wheel(folder, "tinya", "1.0", "WHO = 'tinya'\n")
    make_wheel(folder, "early", "1.0rc1", "")
    sdist(folder, "sdisty", "'FLAG = %r\\n' % os.environ.get('MYFLAG')")
    sdist(folder, "flagged", "'FLAG = %r\\n' % os.environ.get('CMAKE_ARGS')")
    sdist(folder, "seeing", "'SEEN = %r\\n' % sorted(os.environ)")
    sdist(folder, "needing", "'BUILT_WITH = %r\\n' % tinya.WHO", "import tinya")
    return folder


@pytest.fixture
def project(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spawning: None) -> Iterator[Sandbox]:
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv-cache"))
    (tmp_path / "nothing").mkdir()
    with served(tmp_path / "nothing") as usual:
        monkeypatch.setenv("UV_DEFAULT_INDEX", f"http://{usual}/simple")
        yield sandbox


@pytest.fixture
def index(packages: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The host and port of an index without a password, which is the machine's usual one."""
    with served(packages) as host:
        monkeypatch.setenv("UV_DEFAULT_INDEX", f"http://{host}/simple")
        yield host


def define(project: Sandbox, requirements: str, more: str = "") -> None:
    project.write("requirements/own.txt", requirements)
    project.write("config/environments/own.yaml", f'python: ">=3.11"\n{more}')


def done(project: Sandbox, *words: "str | Path", **variables: str) -> None:
    ended = project.give(*words, variables=variables)
    assert ended.code == 0, ended.err
    assert "s3cret" not in ended.out + ended.err


def module(project: Sandbox, file: str) -> str:
    (found,) = project.root.glob(INSTALLED.format(name="own", file=file))
    return found.read_text()


def written(project: Sandbox) -> str:
    """All text that our commands have written about the environment."""
    logs = [each for folder in ("logs", "requirements", "jobs") for each in (project.root / folder).rglob("*")]
    return "".join(each.read_text(errors="replace") for each in logs if each.is_file() and each.suffix != ".txt")


@pytest.mark.parametrize("place", ["definition", "requirements", "variable"])
def test_a_password_is_used_by_all_that_fetch_and_shown_by_none(
    project: Sandbox, packages: Path, tmp_path: Path, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(packages, LOGIN) as host:
        address = f"http://{LOGIN}@{host}/simple"
        if place == "definition":
            define(project, "tinya\n", f"index: {address}\n")
        elif place == "requirements":
            define(project, f"--index-url {address}\ntinya\n")
            monkeypatch.delenv("UV_DEFAULT_INDEX")
        else:
            define(project, f"--extra-index-url http://me:${{TOKEN}}@{host}/simple\ntinya\n")
            monkeypatch.setenv("TOKEN", "s3cret")
        done(project, "pipeline", "env", "lock", "own")
        done(project, "bootstrap", "--prefetch", "--env", "own")
        assert [each.name for each in (project.root / "cache/wheels").glob("*.whl")] == ["tinya-1.0-py3-none-any.whl"]
        done(project, "bootstrap", "--env", "own")
        done(project, "pipeline", "env", "bundle", "own", "-o", tmp_path / "own.tar")
        monkeypatch.delenv("TOKEN", raising=False)
        elsewhere = make_sandbox(tmp_path / "elsewhere", tmp_path / "unused")
        done(elsewhere, "bootstrap", "--from-bundle", tmp_path / "own.tar", UV_CACHE_DIR=str(tmp_path / "other-cache"))
        monkeypatch.setenv("TOKEN", "s3cret")
        (project.root / "venv/own").resolve().joinpath("pyvenv.cfg").write_text("")
        done(project, "bootstrap", "--repair", "--env", "own")
    assert "s3cret" not in written(project)
    assert b"s3cret" not in (tmp_path / "own.tar").read_bytes()
    assert "tinya" in module(project, "tinya.py")


def test_a_wrong_password_is_not_shown_either(project: Sandbox, packages: Path) -> None:
    with served(packages, LOGIN) as host:
        define(project, "tinya\n", f"index: http://me:wr0ng@{host}/simple\n")
        refused = project.give("pipeline", "env", "lock", "own")
    assert refused.code == 3
    assert "wr0ng" not in refused.out + refused.err + written(project)


def test_a_changed_variable_builds_again_and_a_former_one_is_remembered(project: Sandbox, index: str) -> None:
    for flag in ("one", "two", "one"):
        define(project, "sdisty\n", f"variables: {{MYFLAG: {flag}}}\n")
        done(project, "pipeline", "env", "lock", "own")
        done(project, "bootstrap", "--env", "own")
        assert module(project, "sdisty.py") == f"FLAG = {flag!r}\n"
    done(project, "bootstrap", "--force", "--env", "own")
    assert module(project, "sdisty.py") == "FLAG = 'one'\n"


def test_a_caller_s_flag_for_compilers_builds_again(project: Sandbox, index: str) -> None:
    define(project, "flagged\n")
    done(project, "pipeline", "env", "lock", "own")
    for flag in ("-DX=1", "-DX=2"):
        done(project, "bootstrap", "--force", "--env", "own", CMAKE_ARGS=flag)
        assert module(project, "flagged.py") == f"FLAG = {flag!r}\n"


def test_what_was_fetched_ahead_is_built_with_the_same_variables(project: Sandbox, index: str) -> None:
    define(project, "sdisty\n", "variables: {MYFLAG: one}\n")
    done(project, "pipeline", "env", "lock", "own")
    done(project, "bootstrap", "--prefetch", "--env", "own", MYFLAG="other")
    done(project, "bootstrap", "--env", "own", MYFLAG="other")
    assert module(project, "sdisty.py") == "FLAG = 'one'\n"


def test_a_build_that_needs_another_package_is_given_it(project: Sandbox, index: str) -> None:
    define(project, "needing\ntinya\n")
    refused = project.give("pipeline", "env", "lock", "own")
    assert refused.code == 3 or project.give("bootstrap", "--env", "own").code == 3
    define(project, "needing\ntinya\n", "build_after: {needing: [tinya]}\n")
    done(project, "pipeline", "env", "lock", "own")
    done(project, "bootstrap", "--prefetch", "--env", "own")
    done(project, "bootstrap", "--env", "own")
    assert module(project, "needing.py") == "BUILT_WITH = 'tinya'\n"


def test_build_after_names_packages_of_the_lock(project: Sandbox, index: str) -> None:
    define(project, "tinya\n", "build_after: {neding: [tinya]}\n")
    done(project, "pipeline", "env", "lock", "own")
    refused = project.give("bootstrap", "--env", "own")
    assert refused.code == 3
    assert "config/environments/own.yaml: build_after names neding" in refused.error


def test_which_packages_are_built_from_source_holds_at_the_build_too(
    project: Sandbox, index: str, packages: Path
) -> None:
    make_wheel(packages, "sdisty", "1.0", "FLAG = 'wheel'\n")
    define(project, "sdisty\n--no-binary sdisty\n")
    done(project, "pipeline", "env", "lock", "own")
    done(project, "bootstrap", "--prefetch", "--env", "own")
    assert [each.name for each in (project.root / "cache/wheels").glob("sdisty*")] == ["sdisty-1.0.tar.gz"]
    done(project, "bootstrap", "--env", "own")
    assert module(project, "sdisty.py") == "FLAG = None\n"
    define(project, "sdisty\n")
    stale = project.give("bootstrap", "--env", "own")
    assert (stale.code, stale.next_step) == (3, "pipeline env lock own")
    done(project, "pipeline", "env", "lock", "own")
    done(project, "bootstrap", "--env", "own")
    assert module(project, "sdisty.py") == "FLAG = 'wheel'\n"


def test_pages_of_files_and_pre_releases_mean_the_same_everywhere(
    project: Sandbox, packages: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("UV_DEFAULT_INDEX")
    define(project, f"--no-index\n--find-links {packages}\n--pre\nearly\ntinya>=0\n")
    make_wheel(packages, "early", "0.9", "")
    done(project, "pipeline", "env", "lock", "own")
    assert "early==1.0rc1" in (project.root / "requirements/own.lock").read_text()
    done(project, "bootstrap", "--prefetch", "--env", "own")
    done(project, "bootstrap", "--env", "own")
    done(project, "pipeline", "env", "bundle", "own", "-o", tmp_path / "own.tar")


@pytest.mark.parametrize(
    "line", ["--trusted-host pypi.example", "--prefer-binary", "--require-hashes", "--no-build-isolation", "--frob=1"]
)
def test_an_option_that_would_be_ignored_is_refused_with_its_line(project: Sandbox, index: str, line: str) -> None:
    define(project, f"tinya\n{line}\n")
    refused = project.give("pipeline", "env", "lock", "own")
    assert refused.code == 2
    assert f"requirements/own.txt:2: {line.split('=', maxsplit=1)[0].split(maxsplit=1)[0]}" in refused.error
    assert refused.next_step


@pytest.mark.parametrize("line", ["tinya @ http://me:s3cret@HOST/files/tinya-1.0-py3-none-any.whl", "tinya --frob=1"])
def test_a_line_that_would_show_a_password_or_be_ignored_is_refused(project: Sandbox, index: str, line: str) -> None:
    define(project, line.replace("HOST", index) + "\n")
    refused = project.give("pipeline", "env", "lock", "own")
    assert refused.code == 2
    assert "requirements/own.txt:1: " in refused.error
    assert "s3cret" not in refused.err


def test_a_variable_that_is_not_set_is_named(project: Sandbox) -> None:
    define(project, "tinya\n", "index: http://me:${TOKEN}@127.0.0.1:9/simple\n")
    refused = project.give("pipeline", "env", "lock", "own")
    assert refused.code == 2
    assert "TOKEN" in refused.error


def two_owners(packages: Path) -> None:
    for name in ("one", "two"):
        wheel_of(packages, name, {"common.py": name.encode(), f"{name}.py": b""})


def test_two_owners_of_a_file_are_told_before_a_lock_is_written(project: Sandbox, packages: Path, index: str) -> None:
    two_owners(packages)
    define(project, "one\ntwo\n")
    refused = project.give("pipeline", "env", "lock", "own")
    assert refused.code == 3
    assert "one and two both install common.py" in refused.err
    assert not (project.root / "requirements/own.lock").exists()
    define(project, "one\ntwo\n", "overlaps: {prefer: [two]}\n")
    done(project, "pipeline", "env", "lock", "own")
    done(project, "bootstrap", "--env", "own")
    assert module(project, "common.py") == "two"


@pytest.mark.parametrize("python", ["<3.9", "==3.8.*", ">=3.6, <3.7"])
def test_a_package_for_older_pythons_is_told_before_a_lock_is_written(
    project: Sandbox, packages: Path, index: str, python: str
) -> None:
    make_wheel(packages, "older", "1.0", "", f"Requires-Python: {python}\n")
    define(project, "older\n")
    refused = project.give("pipeline", "env", "lock", "own")
    assert refused.code == 3
    assert f"older is for Python {python}" in refused.err
    assert not (project.root / "requirements/own.lock").exists()


def test_files_that_differ_by_case_are_told_when_a_lock_is_written(
    project: Sandbox, packages: Path, index: str
) -> None:
    wheel_of(packages, "one", {"Common.py": b"1"})
    wheel_of(packages, "two", {"common.py": b"2"})
    define(project, "one\ntwo\n")
    written = project.give("pipeline", "env", "lock", "own")
    assert written.code == 0, written.err
    assert "one and two install Common.py and common.py" in written.err


@pytest.mark.parametrize(("prefer", "code"), [("", 3), ('# overlaps = {prefer = ["two"]}\n', 0)])
def test_a_stage_that_is_registered_is_checked_as_a_lock_is(
    project: Sandbox, packages: Path, index: str, prefer: str, code: int
) -> None:
    two_owners(packages)
    file = project.root.parent / "own file.py"
    file.write_text(OVERLAPPING.replace("# ///\n", f"# [tool.pipeline.environment]\n{prefer}# ///\n"))
    done = project.give("pipeline", "env", "register", file, "--name", "brought")
    assert done.code == code, done.err
    assert (project.root / "stages/brought.py").exists() is (code == 0)
    if code:
        assert "one and two both install common.py" in done.err
        assert f"pipeline env register '{file}'" in done.err.splitlines()[-1]
        assert 'overlaps = {prefer = ["one"]}' in done.err


OVERLAPPING = """# /// script
# requires-python = ">=3.11"
# dependencies = ["one", "two"]
# [tool.pipeline.stage]
# inputs = ["source"]
# outputs.text = "text.txt"
# ///

def run(stage):
    stage.output("text").write_text("")
"""


PASSED = {
    "CFLAGS": "-O1",
    "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
    "UV_HTTP_TIMEOUT": "7",
    "SSL_CERT_FILE": "/etc/ssl/certs/ca-certificates.crt",
    "REQUESTS_CA_BUNDLE": "/etc/ssl/certs/ca-certificates.crt",
    "no_proxy": "127.0.0.1",
    "HTTPS_PROXY": "http://127.0.0.1:9",
}
HIDDEN = {"AWS_SECRET_ACCESS_KEY": "s3cret", "MYFLAG": "other", "HF_TOKEN": "t0p"}


def seen(project: Sandbox) -> set[str]:
    scope: dict[str, list[str]] = {}
    exec(module(project, "seeing.py"), scope)  # what the package's own build has written
    return set(scope["SEEN"])


def test_a_build_from_source_sees_a_declared_set_of_variables(project: Sandbox, index: str) -> None:
    define(project, "seeing\n", "variables: {LEVEL: one}\n")
    done(project, "pipeline", "env", "lock", "own", **PASSED, **HIDDEN)
    done(project, "bootstrap", "--env", "own", **PASSED, **HIDDEN)
    found = seen(project)
    assert {*PASSED, "LEVEL", "HOME", "PATH"} <= found
    assert found.isdisjoint(HIDDEN)


def test_a_build_may_see_all_variables_which_is_told_and_in_its_key(project: Sandbox, index: str) -> None:
    define(project, "seeing\n")
    done(project, "pipeline", "env", "lock", "own")
    done(project, "bootstrap", "--env", "own")
    before = (project.root / "venv/own").readlink()
    told = project.give("bootstrap", "--env", "own", "--inherit-environment", variables=HIDDEN)
    assert told.code == 0, told.err
    assert "all variables of the shell" in told.out + told.err
    assert seen(project) >= set(HIDDEN)
    assert (project.root / "venv/own").readlink() != before
    done(project, "bootstrap", "--env", "own", "--force")
    assert seen(project).isdisjoint(HIDDEN)


@pytest.mark.parametrize("other", ["--repair", "--prefetch"])
def test_inheriting_goes_with_building_alone(project: Sandbox, other: str) -> None:
    assert project.give("bootstrap", "--inherit-environment", other).code == 2
