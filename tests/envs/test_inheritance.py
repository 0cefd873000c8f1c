"""Which of the caller's variables a stage gets."""

from pathlib import Path

import pytest

from pipeline.envs.inheritance import digest_of_others, is_needed, locale_of, visible
from pipeline.envs.variables import stage_variables

CALLER = {"LANG": "C.UTF-8", "AWS_SECRET_ACCESS_KEY": "s3cret", "HF_TOKEN": "hf_1"}


@pytest.mark.parametrize(
    "name",
    [
        "PATH",
        "HOME",
        "LANG",
        "LC_ALL",
        "TZ",
        "TMPDIR",
        "https_proxy",
        "NO_PROXY",
        "SSL_CERT_FILE",
        "CUDA_HOME",
        "OMP_NUM_THREADS",
        "MKL_NUM_THREADS",
        "NVIDIA_VISIBLE_DEVICES",
        "XDG_RUNTIME_DIR",
        "LD_LIBRARY_PATH",
    ],
)
def test_what_programs_need_they_get(name: str) -> None:
    assert is_needed(name)


@pytest.mark.parametrize(
    "name",
    [
        "AWS_SECRET_ACCESS_KEY",
        "HF_TOKEN",
        "GITHUB_TOKEN",
        "OPENAI_API_KEY",
        "PYTHONPATH",
        "LD_PRELOAD",
        "BASH_ENV",
        "LC_TERMINAL",
        "SSH_AUTH_SOCK",
        "MY_SETTING",
    ],
)
def test_what_belongs_to_the_person_they_do_not(name: str) -> None:
    assert not is_needed(name)


def test_a_variable_that_is_asked_for_by_name_is_seen() -> None:
    assert visible(CALLER, ["HF_TOKEN", "NOT_SET"]) == {"LANG": "C.UTF-8", "HF_TOKEN": "hf_1"}


def test_who_inherits_sees_all() -> None:
    assert visible(CALLER, None) == CALLER


def test_an_empty_language_is_none() -> None:
    assert locale_of({"LANG": "C", "LC_ALL": ""}) == {"LANG": "C"}


def test_a_name_or_value_that_is_no_text_has_a_digest() -> None:
    assert digest_of_others({"A": "\udcff"}) != digest_of_others({"A": "\udcfe"})


def test_an_active_conda_environment_leaves_the_path_of_a_stage_that_sees_a_declared_set() -> None:
    stacked = {"CONDA_PREFIX": "/conda/two", "CONDA_PREFIX_1": "/conda/one"}
    caller = {"PATH": "/conda/two/bin:/conda/one/bin:/usr/bin", **stacked}
    found = stage_variables(Path("/env"), visible(caller))
    assert found["PATH"] == "/env/bin:/usr/bin"
    assert not [name for name in found if name.startswith("CONDA")]
