import pytest

from pipeline.cluster.content.content_name import digest_by, hasher, parts_of
from pipeline.digests import sha256_of_bytes


def test_a_digest_has_an_algorithm_and_digits() -> None:
    assert parts_of("blake3:" + "0a" * 32) == ("blake3", "0a" * 32)


@pytest.mark.parametrize(
    "name", ["", "blake3:", "md5:" + "0" * 64, "blake3:" + "0" * 63 + "/", "blake3:../" + "0" * 61]
)
def test_nothing_else_is_one(name: str) -> None:
    with pytest.raises(ValueError, match="isn't the digest"):
        parts_of(name)


def test_a_hasher_makes_digests_of_the_same_kind() -> None:
    wanted = sha256_of_bytes(b"ab")
    made = hasher(wanted)
    made.update(b"a")
    made.update(b"b")
    assert digest_by(made, wanted) == wanted
