"""How long stages of each kind take on nodes, from their order to their end. Pure."""

BRIEF_SECONDS = 0.5
LATEST = 0.3  # the weight of the latest one


class StageSeconds:
    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}  # a moving average, by kind

    def note(self, kind: str, seconds: float) -> None:
        """One has ended."""
        self._seconds[kind] = seconds + (self._seconds.get(kind, seconds) - seconds) * (1 - LATEST)

    def is_brief(self, kind: str) -> bool:
        """Whether a node would soon be idle, waiting for the run to hear that one has ended."""
        return self._seconds.get(kind, BRIEF_SECONDS) < BRIEF_SECONDS
