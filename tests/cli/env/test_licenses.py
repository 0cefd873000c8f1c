"""``pipeline env licenses`` on a real build."""

from tests.conftest import Sandbox


def test_packages_that_tell_no_license_are_named(ready: Sandbox) -> None:
    done = ready.give("pipeline", "env", "licenses", "alpha")
    assert "quirk" in done.out.splitlines()[-1]
    (row,) = ready.give("pipeline", "env", "licenses", "alpha", "--json").data
    assert row == {"name": "quirk", "version": "1.0", "license": None, "source": "unknown", "files": []}
