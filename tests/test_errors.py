"""What errors say to help."""

import traceback

from pipeline.errors import UsageError, did_you_mean


def test_a_short_name_leads_to_those_that_it_is_a_part_of() -> None:
    known = ["whisper-large-v2", "whisper-large-v3", "distil-whisper-large-v3.5", "nllb-200-3.3b", "alpha"]
    assert did_you_mean("LARGE", known).startswith("; did you mean 'whisper-large-v3' or 'whisper-large-v2' or")
    assert did_you_mean("nllb", known) == "; did you mean 'nllb-200-3.3b'?"
    assert did_you_mean("aplha", known) == "; did you mean 'alpha'?"
    assert did_you_mean("xx", known).startswith("; there are:")


def test_a_traceback_shows_the_next_step_too() -> None:
    shown = "".join(traceback.format_exception(UsageError("there is no such thing", "pipeline job list")))
    assert shown.endswith("there is no such thing\nnext:  pipeline job list\n")
