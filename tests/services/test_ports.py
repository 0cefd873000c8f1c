"""Ports that are kept for a program."""

import socket
import sys

import pytest

from pipeline.services.ports import PortTaken, ReservedPorts

LOCAL = "127.0.0.1"


def listening(port: int, *options: int) -> socket.socket:
    server = socket.socket()
    for option in options:
        server.setsockopt(socket.SOL_SOCKET, option, 1)
    try:
        server.bind((LOCAL, port))
        server.listen()
    except OSError:
        server.close()
        raise
    return server


@pytest.mark.parametrize("option", [socket.SO_REUSEADDR, socket.SO_REUSEPORT])
def test_a_server_gets_the_port_that_was_kept_for_it(option: int) -> None:
    with ReservedPorts(["http"], LOCAL) as ports, listening(ports.numbers["http"], option):
        socket.create_connection((LOCAL, ports.numbers["http"])).close()


@pytest.mark.skipif(sys.platform != "linux", reason="others keep no ports")
def test_the_system_gives_it_to_nobody_else() -> None:
    with ReservedPorts(["http"], LOCAL) as ports:
        others = [ReservedPorts(["http"], LOCAL) for _ in range(300)]
        assert ports.numbers["http"] not in {other.numbers["http"] for other in others}
        with pytest.raises(OSError, match="in use"):
            listening(ports.numbers["http"])
        for other in others:
            other.close()


def test_one_that_isn_t_kept_is_free_for_any_server() -> None:
    with ReservedPorts(["http"], LOCAL, is_held=False) as ports:
        listening(ports.numbers["http"]).close()


def test_nothing_answers_until_the_program_listens() -> None:
    with ReservedPorts(["http"], LOCAL) as ports, pytest.raises(ConnectionRefusedError):
        socket.create_connection((LOCAL, ports.numbers["http"]))


def test_a_port_that_another_program_listens_on_is_refused_by_name() -> None:
    with listening(0, socket.SO_REUSEADDR) as other:
        number = other.getsockname()[1]
        with pytest.raises(PortTaken, match=rf"{number} \(grpc\)"):
            ReservedPorts(["http", "grpc"], LOCAL, {"grpc": number})


def test_addresses_say_how_they_are_spoken_to() -> None:
    with ReservedPorts(["http", "ui", "grpc", "tcp_data"], LOCAL) as ports:
        schemes = {name: url.partition(":")[0] for name, url in ports.urls.items()}
    assert schemes == {"http": "http", "ui": "http", "grpc": "tcp", "tcp_data": "tcp"}


def test_the_address_of_one_that_listens_everywhere_can_be_used() -> None:
    with ReservedPorts(["http"], "0.0.0.0") as ports:  # nothing listens
        assert ports.urls["http"].startswith("http://127.0.0.1:")


def test_an_ipv6_address_stands_in_brackets() -> None:
    try:
        ports = ReservedPorts(["http"], "::1")
    except OSError:
        pytest.skip("this machine has no IPv6")
    with ports:
        assert ports.urls["http"] == f"http://[::1]:{ports.numbers['http']}"
