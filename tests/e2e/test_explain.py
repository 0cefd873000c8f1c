"""Real packages that are known to conflict, or not to; only their metadata is looked at."""

import json
import subprocess
from typing import Any

import pytest

from tests.conftest import BIN, REPOSITORY
from tests.e2e.conftest import REAL_VARIABLES


def explain(*words: str) -> Any:
    done = subprocess.run(
        [BIN / "pipeline", "env", "explain", "--json", "--root", REPOSITORY, *words],
        env=REAL_VARIABLES,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["data"]


@pytest.mark.parametrize(
    ("other", "package", "wanted"),
    [("transformers>=5", "huggingface-hub", "<1.0.0"), ("torch>=2.9", "torch", ">=2.8.0,<2.9")],
)
def test_speech_recognition_conflicts_with_what_is_newer(spawning: None, other: str, package: str, wanted: str) -> None:
    conflict = explain("whisperx==3.8.6", other)["conflict"]
    assert [line["text"] for line in conflict["requirements"]] == ["whisperx==3.8.6", other]
    assert conflict["package"] == package
    assert conflict["chains"][0]["steps"][-1]["requires"] == f"{package}{wanted}"
    assert other in [edit["text"] for edit in conflict["edits"]]


def test_speech_recognition_and_translation_share_one_environment(spawning: None) -> None:
    data = explain("whisperx==3.8.6", "IndicTransToolkit==1.1.1")
    assert data["together"] is True
    assert data["conflict"] is None
    assert len(data["saving"]["packages"]) > 5
