import pytest

from pipeline.executors.reports import Raised, Report, decode_report


@pytest.mark.parametrize(
    ("line", "report"),
    [
        (b'{"progress": 0.5, "note": "half"}', Report(progress=0.5, note="half")),
        (b'{"progress": 1}', Report(progress=1.0)),
        (b'{"about": {"engine": "one", "notes": ["a"]}}', Report(about={"engine": "one", "notes": ["a"]})),
        (
            b'{"raised": {"type": "OSError", "message": "no", "file": null, "loading": "/a.py"}}',
            Report(raised=Raised("OSError", "no", None, "/a.py")),
        ),
        (b'{"wrong_environment": true}', Report(wrong_environment=True)),
        (b'{"warning": "lone \\udc80 surrogate"}', Report(warning="lone \udc80 surrogate")),
    ],
)
def test_a_report_is_typed(line: bytes, report: Report) -> None:
    assert decode_report(line) == report


@pytest.mark.parametrize(
    ("line", "report"),
    [
        (b'{"warning": "careful", "about": 1}', Report(warning="careful")),
        (b'{"progress": 2, "note": "too far", "unknown": [1]}', Report(note="too far")),
        *(
            (b'{"error": "no", "raised": %b}' % raised, Report(error="no"))
            for raised in (b"null", b'"ImportError"', b"{}", b'{"type": 3}', b'{"message": "x"}')
        ),
    ],
)
def test_a_field_that_does_not_have_its_type_is_left_out(line: bytes, report: Report) -> None:
    assert decode_report(line) == report


@pytest.mark.parametrize(
    "line",
    [
        b"no report",
        b"",
        b"[1]",
        b"{}",
        b'{"about": "a text"}',
        b'{"about": {"share": NaN}}',
        b'{"unknown": 1}',
        b'{"note": "\xff"}',
        b'{"about": ' + b'{"a":' * 5000 + b"1" + b"}" * 5000 + b"}",
    ],
)
def test_what_is_no_report_is_none(line: bytes) -> None:
    assert decode_report(line) is None
