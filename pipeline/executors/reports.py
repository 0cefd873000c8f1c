"""What a running stage reports, a line of JSON each; ``sdk/stagekit`` and ``sdk/run_stage.py`` write them."""

import contextlib
from collections.abc import Sequence
from typing import Any

from pipeline.values import Struct, ValidationError, decode, field, fields_of, from_plain, replace


class StageException(Struct, frozen=True):
    """The exception that ended a stage."""

    type: str  # as the log's last line has it: with its module where that isn't ``builtins``; as reported: without
    message: str = ""
    file: str | None = None  # that it is about: what wasn't found, or where the syntax is wrong
    loading: str | None = None  # the module that was being loaded


class StageReport(Struct, frozen=True):
    """One report has what the stage had to say at that moment, and the defaults for the rest."""

    progress: float | None = None  # from 0 to 1
    note: str = ""  # what it does just now
    warning: str | None = None  # about a result that stands
    about: dict[str, Any] = field(default_factory=dict)  # facts about the result
    error: str | None = None  # why it refuses its work
    instead: dict[str, str] = field(default_factory=dict)  # values of its parameters with which it would do it
    raised: StageException | None = None
    wrong_environment: bool = False  # the interpreter's prefix isn't the one that was ordered
    began: float | None = None  # when the stage's function was called, by this machine's ``time.monotonic``

    def __post_init__(self) -> None:
        if self.progress is not None and not 0 <= self.progress <= 1:
            raise ValueError(f"progress is {self.progress}, and not from 0 to 1")


NOTHING = StageReport()


def decode_report(line: bytes) -> StageReport | None:
    """A report without the fields that don't have their type; ``None`` for what a stage wrote there by mistake."""
    try:
        report = decode(line, StageReport)
    except ValidationError:
        report = _from_sound_fields(line)
    except ValueError:
        return None
    return None if report == NOTHING else report


def _from_sound_fields(line: bytes) -> StageReport:
    report = NOTHING
    with contextlib.suppress(ValidationError):  # it is no object
        for name, value in decode(line, dict[str, Any]).items():
            with contextlib.suppress(ValidationError):
                sound = from_plain({name: value}, StageReport)
                report = replace(report, **{name: getattr(sound, name)}) if hasattr(sound, name) else report
    return report


def without_secrets(report: StageReport, secrets: Sequence[tuple[str, str]]) -> StageReport:
    """The report with each secret masked, wherever it stands in it."""
    if not secrets:
        return report
    from pipeline.sdk.masking import forms

    patterns = forms(value for _, value in secrets)
    about, instead = _masked(report.about, patterns), _masked(report.instead, patterns)
    plain_texts = {name: _masked(getattr(report, name), patterns) for name in ("note", "warning", "error")}
    raised = report.raised and StageException(**_masked(fields_of(report.raised), patterns))
    return replace(report, about=about, instead=instead, raised=raised, **plain_texts)


def _masked(value: Any, patterns: list[bytes]) -> Any:
    """Each text in it masked by itself, so that what is around them stays as it is; also a number that is a secret."""
    from pipeline.sdk.masking import MASK, masked

    if isinstance(value, str):
        return masked(value.encode("utf-8", "surrogateescape"), patterns).decode("utf-8", "surrogateescape")
    if isinstance(value, dict):
        return {_masked(key, patterns): _masked(each, patterns) for key, each in value.items()}
    if isinstance(value, list):
        return [_masked(each, patterns) for each in value]
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return MASK.decode() if is_number and str(value).encode() in patterns else value
