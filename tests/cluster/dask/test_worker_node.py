"""What a node takes from the process of its worker."""

import getpass
import os

import pytest

from pipeline.cluster.dask import worker_node


@pytest.mark.parametrize("error", [KeyError("getpwuid(): uid not found: 1000660000"), OSError("No username set")])
def test_a_user_without_a_name_has_a_number(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def nameless() -> str:
        raise error

    monkeypatch.setattr(getpass, "getuser", nameless)
    assert worker_node.user_name() == str(os.getuid())
