import pytest

from pipeline.executors.channel import decode


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        (b'{"about": {"engine": "one", "notes": ["a"]}}', {"about": {"engine": "one", "notes": ["a"]}}),
        (b'{"about": "a text"}', None),
        (b'{"about": {"share": NaN}}', None),
        (b'{"warning": "careful", "about": 1}', {"warning": "careful"}),
        (b"no report", None),
    ],
)
def test_facts_about_a_result_are_an_object_of_json(line: bytes, fields: object) -> None:
    assert decode(line) == fields
