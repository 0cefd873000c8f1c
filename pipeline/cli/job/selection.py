"""Options that choose among jobs: by state, workflow, input and date."""

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from pipeline.errors import UsageError
from pipeline.jobs.summary import STATES, JobSummary

AGE = re.compile(r"(\d{1,5})\s*(min|h|d|w|minute|hour|day|week)s?")
HOURS = {"m": 1 / 60, "h": 1, "d": 24, "w": 168}  # by the unit's first letter
DAYS = {"today": 0, "yesterday": 1}  # since midnight
FORMS = "give a date such as 2026-11-29, 'today', 'yesterday', or an age such as 12h, 7d or 2w"


@dataclass(frozen=True)
class JobFilter:
    """Which jobs are meant; without any of these, all."""

    states: tuple[str, ...] = ()
    workflow: str | None = None
    text: str | None = None  # in the path of the input
    since: datetime | None = None
    before: datetime | None = None

    @property
    def is_empty(self) -> bool:
        return self == JobFilter()

    def chosen(self, jobs: Sequence[JobSummary]) -> list[JobSummary]:
        return [job for job in jobs if self._has(job)]

    def _has(self, job: JobSummary) -> bool:
        return (
            (not self.states or job.state in self.states)
            and self.workflow in (None, job.workflow)
            and (self.text is None or self.text.casefold() in job.input.casefold())
            and self._is_in_time(job.created_at)
        )

    def _is_in_time(self, created_at: str | None) -> bool:
        if self.since is None and self.before is None:
            return True
        if created_at is None:
            return False
        created = datetime.fromisoformat(created_at)
        return (self.since is None or created >= self.since) and (self.before is None or created < self.before)


def options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Gives a command all of them. It gets them as keywords, for ``job_filter``."""
    added = (
        click.option(
            "--state",
            "states",
            multiple=True,
            type=click.Choice(STATES),
            help="Only jobs in this state; may be repeated.",
        ),
        click.option("--workflow", metavar="NAME", help="Only jobs of this workflow."),
        click.option("--input", "text", metavar="TEXT", help="Only jobs whose input's path has this text in it."),
        click.option(
            "--since",
            metavar="DATE|AGE",
            help="Only jobs prepared since then: 2026-11-29, '2026-11-29 18:00', today, 12h, 7d or 2w.",
        ),
        click.option(
            "--before", metavar="DATE|AGE", help="Only jobs prepared before then; of a date, before that day."
        ),
    )
    for add in reversed(added):
        command = add(command)
    return command


def job_filter(
    states: tuple[str, ...], workflow: str | None, text: str | None, since: str | None, before: str | None
) -> JobFilter:
    """From the options as typed. Raises ``UsageError``."""
    return JobFilter(states, workflow, text, _moment("--since", since), _moment("--before", before))


def _moment(option: str, text: str | None) -> datetime | None:
    """A date begins at midnight where the command is given; an age counts back from now."""
    if text is None:
        return None
    word = text.strip().lower()
    if found := AGE.fullmatch(word):
        return datetime.now(UTC) - timedelta(hours=int(found[1]) * HOURS[found[2][0]])
    if word in DAYS:
        word = (datetime.now() - timedelta(days=DAYS[word])).date().isoformat()  # noqa: DTZ005  # the wall's day
    try:
        return datetime.fromisoformat(word.upper()).astimezone()
    except (ValueError, OverflowError) as error:
        raise UsageError(f"{option} {text!r} is neither a date nor an age", FORMS) from error


def shown_date(created_at: str | None) -> str:
    """As a clock on the wall shows it, to the minute."""
    if created_at is None:
        return ""
    seconds = datetime.fromisoformat(created_at).timestamp()
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))
