"""Environments built by the real installer, as the tests of environments have them."""

from tests.envs.conftest import definition, installer

__all__ = ["definition", "installer"]
