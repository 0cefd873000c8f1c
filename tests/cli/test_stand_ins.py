"""What a run doesn't use isn't imported, and is there all the same for whoever imports it later."""

import subprocess
import sys

import pytest

REPLACED = {"uuid", "decimal", "msgspec.inspect", "msgspec._json_schema"}
SPARED = REPLACED | {"platform", "numbers", "_decimal", "textwrap", "urllib.parse", "ipaddress", "typing_extensions"}
LARGE = {"dataclasses", "inspect", "subprocess", "click", "yaml", "json", "datetime", "socket", "shutil"}

WITH_STAND_INS = """
import sys
from pipeline.cli import stand_ins
with stand_ins.present():
    from pipeline import values
    from pathlib import Path
"""


@pytest.fixture(autouse=True)
def _spawning(spawning: None) -> None:
    """Each test has an interpreter of its own, in which nothing is imported yet."""


def test_the_command_imports_no_module_that_it_doesn_t_use() -> None:
    code = "import sys\nfrom pipeline.cli import run_pipeline\n"
    shown = "run_pipeline.perform = lambda words: print(*sys.modules)\nrun_pipeline.main()"
    loaded = set(_output(code + shown).split())
    assert loaded & SPARED == set()
    assert {"msgspec", "pathlib"} <= loaded


@pytest.mark.parametrize(
    "module", ["cli.plain_reporter", "run.loop", "run.execution", "executors.worker_pool", "cache.store", "cache.usage"]
)
def test_nor_does_what_a_usual_run_imports_later(module: str) -> None:
    """``dataclasses`` brings ``inspect``, and with it takes a tenth of a small job's time."""
    loaded = set(_output(f"{WITH_STAND_INS}import pipeline.{module}\nprint(*sys.modules)").split())
    assert loaded & (SPARED | LARGE) == set()
    assert [name for name in loaded if "service" in name and name != "pipeline.run.job_services"] == []


def test_msgspec_itself_still_imports_what_is_replaced() -> None:
    """Else a stand-in has nothing to stand in for any more."""
    assert set(_output("import sys, msgspec\nprint(*sys.modules)").split()) >= REPLACED


@pytest.mark.parametrize(
    ("code", "output"),
    [
        ("import uuid, platform; print(uuid.UUID(int=1), uuid.SafeUUID.unknown.value, bool(platform.system()))", None),
        ("import decimal; print(decimal.Decimal('0.1') + decimal.Decimal('0.2'))", "0.3"),
        (
            "import datetime; print(datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC).isoformat(), datetime.__file__)",
            None,
        ),
        ("from urllib.parse import urlsplit; print(urlsplit('http://[::1]:80/a').port)", "80"),
        ("print(Path('/a b').as_uri())", "file:///a%20b"),
        ("import msgspec; print(msgspec.inspect.type_info(int).gt)", "None"),
        ("import msgspec.inspect; print(msgspec.inspect.type_info(int).gt)", "None"),
        ("import msgspec; print(msgspec.json.schema(int))", "{'type': 'integer'}"),
        ("import msgspec; print(msgspec.msgpack.decode(msgspec.msgpack.encode([1])))", "[1]"),
        ("import msgspec; print(msgspec.toml.decode('a = 2026-01-02'))", "{'a': datetime.date(2026, 1, 2)}"),
    ],
)
def test_a_later_import_gets_the_module_itself(code: str, output: str | None) -> None:
    expected = f"{output}\n" if output else _output(code)
    assert _output(WITH_STAND_INS + code) == expected


def test_no_stand_in_is_left() -> None:
    assert (
        _output(WITH_STAND_INS + "print([n for n, m in sys.modules.items() if isinstance(m, stand_ins.StandIn)])")
        == "[]\n"
    )


def test_a_module_that_was_imported_before_stays() -> None:
    code = "import uuid, decimal\nbefore = uuid, decimal\n" + WITH_STAND_INS
    after = "import uuid, decimal, msgspec\nprint(before == (uuid, decimal), msgspec.json.encode(uuid.UUID(int=0)))"
    assert _output(code + after) == f"""True b'"{"0" * 8}-{"0" * 4}-{"0" * 4}-{"0" * 4}-{"0" * 12}"'\n"""


def test_a_uuid_and_a_decimal_are_refused_and_not_written_as_something_else() -> None:
    code = """
import decimal, uuid
for value in (uuid.UUID(int=1), decimal.Decimal(1)):
    try:
        print(values.encode(value))
    except TypeError:
        print("refused")
"""
    assert _output(WITH_STAND_INS + code) == "refused\nrefused\n"


def test_a_name_that_a_stand_in_lacks_is_the_module_s_own() -> None:
    code = "import sys\nfrom pipeline.cli import stand_ins\nwith stand_ins.present(): from uuid import getnode\n"
    assert _output(code + "print(getnode.__module__, type(sys.modules['uuid']).__name__)") == "uuid module\n"


def _output(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
