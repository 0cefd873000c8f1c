"""Which variables of a shell reach builds from source."""

import pytest

from pipeline.envs.build_inheritance import digest_of_all, visible

PASSED = [
    "HOME", "PATH", "TMPDIR", "LANG", "CFLAGS", "CMAKE_ARGS", "CUDA_HOME", "UV_INDEX_URL", "UV_OFFLINE", "UV_CACHE_DIR",
    "UV_INDEX_PRIVATE_PASSWORD", "PIP_INDEX_URL", "PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE",
    "HTTP_PROXY", "https_proxy", "NO_PROXY", "all_proxy", "NETRC", "SSH_AUTH_SOCK", "GIT_SSH_COMMAND", "CARGO_HOME",
]  # fmt: skip


@pytest.mark.parametrize("name", PASSED)
def test_what_a_build_needs_is_passed(name: str) -> None:
    assert visible({name: "x"}) == {name: "x"}


@pytest.mark.parametrize(
    "name", ["AWS_SECRET_ACCESS_KEY", "HF_TOKEN", "MYFLAG", "UV_PYTHON", "UV_CONFIG_FILE", "EDITOR"]
)
def test_what_nobody_declares_is_not(name: str) -> None:
    assert visible({name: "x"}) == {}
    assert visible({name: "x"}, [name]) == {name: "x"}


def test_only_what_is_not_declared_tells_one_shell_from_another() -> None:
    assert digest_of_all({"PATH": "a", "TERM": "b"}) == digest_of_all({"PATH": "c", "TERM": "d"})
    assert digest_of_all({"MYFLAG": "1"}) != digest_of_all({"MYFLAG": "2"})
