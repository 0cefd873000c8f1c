"""External environments, as their own tests have them."""

from tests.envs.external.conftest import cache, conda, heard, template, venv, wanted

__all__ = ["cache", "conda", "heard", "template", "venv", "wanted"]
