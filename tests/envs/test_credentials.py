"""Names and passwords: by server, from addresses and from the machine's settings."""

import pytest

from pipeline.envs.credentials import credentials, for_address

FILE = "https://host.example/files/x.whl"


def test_a_file_gets_those_of_its_server() -> None:
    known = credentials(["https://me:p%40ss@host.example/simple"], {})
    assert for_address(known, FILE) == ("me", "p@ss")
    assert for_address(known, "https://host.example:443/x") == ("me", "p@ss")


@pytest.mark.parametrize("url", ["http://host.example/x", "https://other.example/x", "https://host.example:8443/x"])
def test_no_other_server_gets_them(url: str) -> None:
    assert for_address(credentials(["https://me:pass@host.example/simple"], {}), url) is None


@pytest.mark.parametrize(
    "variables",
    [
        {"UV_DEFAULT_INDEX": "https://me:pass@host.example/simple"},
        {"UV_INDEX_URL": "https://me:pass@host.example/simple"},
        {"UV_INDEX": "https://one.example own=https://me:pass@host.example/simple"},
        {"UV_EXTRA_INDEX_URL": "https://one.example https://me:pass@host.example/simple"},
        {
            "UV_INDEX": "my-own=https://host.example/simple",
            "UV_INDEX_MY_OWN_USERNAME": "me",
            "UV_INDEX_MY_OWN_PASSWORD": "pass",
        },
    ],
)
def test_the_machine_s_settings_count(variables: dict[str, str]) -> None:
    assert for_address(credentials([], variables), FILE) == ("me", "pass")


def test_an_address_s_own_go_first_and_what_is_no_address_is_left_alone() -> None:
    known = credentials(["https://me:pass@host.example/simple", "/a/folder", "http://[broken"], {})
    assert for_address(known, "https://you:other@host.example/x") == ("you", "other")
    assert for_address(known, "file:///a/folder/x.whl") is None
