"""Requirements as they were typed."""

import pytest

from pipeline.errors import ConfigurationError
from tests.conflicts.conftest import typed


@pytest.mark.parametrize("text", ["hub===by-hand", "hub >>= 1", "", "-e ."])
def test_what_the_resolver_can_not_read_is_told_with_its_place(text: str) -> None:
    with pytest.raises(ConfigurationError, match="argument 1: "):
        typed(text)
