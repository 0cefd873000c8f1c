"""What a stage has said, numbered, as far as it still matters."""

from collections import deque
from collections.abc import Iterable

from pipeline.executors.reports import NOTHING, StageReport
from pipeline.values import replace

KEPT = 10_000  # reports of one attempt; of a stage that says more, the earliest are lost


class ReportLog:
    """Of progress, only the latest counts; warnings, facts and errors stay."""

    def __init__(self, reports: Iterable[StageReport] = ()) -> None:
        self._count = 0
        self._reports: deque[tuple[int, StageReport]] = deque(maxlen=KEPT)
        for each in reports:
            self.add(each)

    def add(self, report: StageReport) -> None:
        """Times by this machine's clock mean nothing elsewhere and are left out."""
        report = replace(report, began=None)
        if report == NOTHING:
            return
        if self._reports and _is_progress(self._reports[-1][1]) and _is_progress(report):
            _, before = self._reports.pop()
            progress = before.progress if report.progress is None else report.progress
            report = replace(report, progress=progress, note=report.note or before.note)
        self._count += 1
        self._reports.append((self._count, report))

    def after(self, number: int) -> list[tuple[int, StageReport]]:
        """Those with higher numbers."""
        found: list[tuple[int, StageReport]] = []
        for each in reversed(self._reports):
            if each[0] <= number:
                break
            found.append(each)
        return found[::-1]

    @property
    def last(self) -> int:
        """The highest number."""
        return self._count

    def all(self) -> tuple[StageReport, ...]:
        return tuple(report for _, report in self._reports)


def _is_progress(report: StageReport) -> bool:
    return report == StageReport(progress=report.progress, note=report.note)
