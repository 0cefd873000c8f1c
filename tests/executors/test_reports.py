import pytest

from pipeline.executors.reports import StageException, StageReport, decode_report, without_secrets


@pytest.mark.parametrize(
    ("line", "report"),
    [
        (b'{"progress": 0.5, "note": "half"}', StageReport(progress=0.5, note="half")),
        (b'{"progress": 1}', StageReport(progress=1.0)),
        (b'{"about": {"engine": "one", "notes": ["a"]}}', StageReport(about={"engine": "one", "notes": ["a"]})),
        (
            b'{"raised": {"type": "OSError", "message": "no", "file": null, "loading": "/a.py"}}',
            StageReport(raised=StageException("OSError", "no", None, "/a.py")),
        ),
        (b'{"wrong_environment": true}', StageReport(wrong_environment=True)),
        (b'{"warning": "lone \\udc80 surrogate"}', StageReport(warning="lone \udc80 surrogate")),
    ],
)
def test_a_report_is_typed(line: bytes, report: StageReport) -> None:
    assert decode_report(line) == report


@pytest.mark.parametrize(
    ("line", "report"),
    [
        (b'{"warning": "careful", "about": 1}', StageReport(warning="careful")),
        (b'{"progress": 2, "note": "too far", "unknown": [1]}', StageReport(note="too far")),
        *(
            (b'{"error": "no", "raised": %b}' % raised, StageReport(error="no"))
            for raised in (b"null", b'"ImportError"', b"{}", b'{"type": 3}', b'{"message": "x"}')
        ),
    ],
)
def test_a_field_that_does_not_have_its_type_is_left_out(line: bytes, report: StageReport) -> None:
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


@pytest.mark.parametrize("secret", ['pässwörd"x', "it's\"it", "33333", "null", "a/b c&d'e"])
def test_a_secret_is_masked_in_each_text_and_breaks_no_report(secret: str) -> None:
    report = StageReport(
        progress=0.33333, warning=f"with {secret}", error=repr(secret), about={"n": 333334, "t": [secret]}
    )
    found = without_secrets(report, [("token", secret)])
    assert (found.progress, found.about) == (0.33333, {"n": 333334, "t": ["***"]})
    assert found.warning == "with ***"
    assert found.error is not None
    assert "***" in found.error
