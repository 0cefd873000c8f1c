"""Addresses that no proxy is asked for."""

from pipeline.services.proxy_exceptions import proxy_exceptions

BOTH = "127.0.0.1,localhost"


def test_where_there_is_no_proxy_nothing_is_set() -> None:
    assert proxy_exceptions({"PATH": "/bin", "HTTP_PROXY": ""}) == {}


def test_this_machine_is_an_exception_under_both_names() -> None:
    assert proxy_exceptions({"http_proxy": "http://proxy:1"}) == {"NO_PROXY": BOTH, "no_proxy": BOTH}


def test_exceptions_that_there_are_stay() -> None:
    set_by_a_person = {"ALL_PROXY": "socks5://proxy:1", "NO_PROXY": "a.example, localhost", "no_proxy": "b.example"}
    assert proxy_exceptions(set_by_a_person)["no_proxy"] == "a.example,localhost,b.example,127.0.0.1"


def test_where_all_are_exceptions_they_stay_so() -> None:
    assert proxy_exceptions({"HTTPS_PROXY": "http://proxy:1", "no_proxy": "*"}) == {"NO_PROXY": "*", "no_proxy": "*"}
