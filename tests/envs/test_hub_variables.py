"""What the model hub's client can't read: named, and kept from it."""

import pytest

from pipeline.envs import hub_variables, inheritance


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HF_HUB_DOWNLOAD_TIMEOUT", "soon"),
        ("HF_HUB_DOWNLOAD_TIMEOUT", "1.5"),
        ("HF_HUB_DOWNLOAD_TIMEOUT", "-3"),
        ("HF_HUB_ETAG_TIMEOUT", "99999999999"),
        ("HF_HUB_LOCAL_DIR_AUTO_SYMLINK_THRESHOLD", "5 MB"),
        ("HF_ENDPOINT", "soon"),
        ("HF_ENDPOINT", "ftp://mirror"),
        ("HF_ENDPOINT", "https://mirror:port"),
        ("HF_ENDPOINT", "https://"),
    ],
)
def test_what_the_client_cannot_read_is_named_and_no_stage_gets_it(name: str, value: str) -> None:
    caller = {name: value, "HOME": "/home/me"}
    assert list(hub_variables.unreadable(caller)) == [name]
    assert hub_variables.unreadable(caller)[name].startswith(f"{name} is ")
    assert name not in inheritance.needed(caller)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HF_HUB_DOWNLOAD_TIMEOUT", "30"),
        ("HF_HUB_DOWNLOAD_TIMEOUT", " 30 "),
        ("HF_HUB_ETAG_TIMEOUT", "0"),
        ("HF_ENDPOINT", "http://127.0.0.1:8080/mirror/"),
        ("HTTPS_PROXY", "proxy:3128"),
    ],
)
def test_what_it_can_read_stays(name: str, value: str) -> None:
    caller = {name: value}
    assert not hub_variables.unreadable(caller)
    assert not hub_variables.unusable_proxies(caller)
    assert hub_variables.readable(caller) == caller


@pytest.mark.parametrize("name", hub_variables.OWN)
def test_an_empty_one_counts_as_not_set(name: str) -> None:
    assert hub_variables.readable({name: "", "A": ""}) == {"A": ""}
    assert not hub_variables.unreadable({name: ""})


def test_a_proxy_that_is_no_address_is_named_without_its_password() -> None:
    found = hub_variables.unusable_proxies({"https_proxy": "http://me:s3cret@host:port", "HTTP_PROXY": ""})
    assert list(found) == ["https_proxy"]
    assert "s3cret" not in found["https_proxy"]
