"""What bootstrap makes of a definition."""

from tests.conftest import Sandbox


def test_an_external_environment_is_looked_at_and_left_alone(sandbox: Sandbox, built: Sandbox) -> None:
    theirs = built.root / "venv" / "alpha"
    sandbox.write("config/environments/theirs.yaml", f"interpreter: {theirs}\nimports: [quirk]\n")
    done = sandbox.give("bootstrap", "--env", "theirs")
    assert done.code == 0, done.err
    assert str(theirs) in done.err
    assert not (sandbox.root / "venv" / "theirs").exists()
