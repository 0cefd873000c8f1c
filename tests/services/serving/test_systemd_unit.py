"""A unit that systemd takes as it is meant."""

import shutil
import subprocess
from pathlib import Path

import pytest

from pipeline.services.serving.systemd_unit import UnitFacts, unit


def facts(*words: str, variables: dict[str, str] | None = None) -> UnitFacts:
    command = ["/bin/true", "serve", *words]
    return UnitFacts("speech", "/home/a b/project", command, variables or {"PATH": "/usr/bin:/bin"}, 300, 60)


def line(text: str, key: str) -> str:
    (found,) = [each for each in text.splitlines() if each.startswith(f"{key}=")]
    return found.partition("=")[2]


def test_it_is_told_of_its_start_and_reloaded_by_a_new_version() -> None:
    text = unit(facts("web"))
    assert line(text, "Type") == "notify"
    assert line(text, "ExecReload") == "/bin/kill -HUP $MAINPID"
    assert int(line(text, "TimeoutStartSec")) > 300
    assert int(line(text, "TimeoutStopSec")) > 60


@pytest.mark.parametrize(
    ("word", "shown"),
    [
        ("plain", "plain"),
        ("a b", '"a b"'),
        ("100%", "100%%"),
        ("$HOME", "$$HOME"),
        ('say "x"', '"say \\"x\\""'),
        ("", '""'),
        ("back\\slash", '"back\\\\slash"'),
        ("a;b", '"a;b"'),
    ],
)
def test_words_stay_what_they_are(word: str, shown: str) -> None:
    assert line(unit(facts(word)), "ExecStart") == f"/bin/true serve {shown}"


def test_a_variable_keeps_its_dollar() -> None:
    assert line(unit(facts(variables={"WORD": "a $b %c"})), "Environment") == '"WORD=a $b %%c"'


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="there is no systemd-analyze")
@pytest.mark.usefixtures("spawning")
def test_systemd_takes_it(tmp_path: Path) -> None:
    file = tmp_path / "speech.service"
    file.write_text(unit(facts("a b", "100%", "$x")))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--user", file], capture_output=True, text=True, check=False, timeout=60
    )
    assert file.name not in done.stderr
