"""Why a stage ended without a result: gathered as evidence, named by a pure function, told so that a person can act."""

from pipeline.failures.classes import FREE_ATTEMPTS, FailureClass, Retry
from pipeline.failures.classify import classify, should_escalate
from pipeline.failures.evidence import Evidence, Raised, Repaired, Unrepairable, Verdict, Whole
from pipeline.failures.message import Failure, describe_exit, error_of, last_lines

__all__ = [
    "FREE_ATTEMPTS",
    "Evidence",
    "Failure",
    "FailureClass",
    "Raised",
    "Repaired",
    "Retry",
    "Unrepairable",
    "Verdict",
    "Whole",
    "classify",
    "describe_exit",
    "error_of",
    "last_lines",
    "should_escalate",
]
