"""Which of a job's stages have a row on its page."""

from collections.abc import Iterable, Mapping

from pipeline.jobs.state import StageState, StageStatus

LISTED = 500  # stages of which the page has a row; of more, those that fail or run come first


class RowSelection:
    """Which stages the page shows, and which of their rows have changed.

    Of too many, those that fail or run take the places of the ones that have nothing to tell.
    """

    def __init__(self, stages: Mapping[str, StageState]) -> None:
        self._stages = stages
        self._changed: dict[str, None] = dict.fromkeys(stages)
        self._places = {name: place for place, name in enumerate(stages)}
        self.on_page: dict[str, None] = {}

    def changed(self, name: str) -> None:
        self._changed[name] = None
        self._places.setdefault(name, len(self._places))  # a fan-out's member is known when its list is

    @property
    def left_out(self) -> int:
        """Stages that have no row, once all have been told."""
        return max(0, len(self._stages) - LISTED)

    def changes(self) -> tuple[list[str], list[str]]:
        """The rows to write, in the order in which the stages are known, and those to take away."""
        changed, self._changed = self._changed, {}
        gone: list[str] = []
        for name in self._by_urgency(changed):
            if name in self.on_page:
                continue
            if len(self.on_page) >= LISTED:
                if not self._is_urgent(name) or (calm := self._calm()) is None:
                    continue
                del self.on_page[calm]
                gone.append(calm)
            self.on_page[name] = None
        names = sorted((name for name in changed if name in self.on_page), key=self._places.__getitem__)
        return names, [name for name in gone if name not in self.on_page]

    def _by_urgency(self, names: Iterable[str]) -> list[str]:
        return sorted(names, key=lambda name: not self._is_urgent(name)) if len(self._stages) > LISTED else list(names)

    def _is_urgent(self, name: str) -> bool:
        return self._stages[name].status in {StageStatus.FAILED, StageStatus.RUNNING}

    def _calm(self) -> str | None:
        """The row that has been on the page longest and has nothing to tell."""
        return next((name for name in self.on_page if not self._is_urgent(name)), None)
