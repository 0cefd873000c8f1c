"""What the states of Slurm's jobs mean for a node. Pure.

https://slurm.schedmd.com/squeue.html#SECTION_JOB-STATE-CODES
"""

from collections.abc import Iterable, Mapping

from pipeline.cluster.members import LossKind, NodeLoss
from pipeline.values import Struct

KINDS: Mapping[str, LossKind] = {
    "TIMEOUT": "walltime",
    "DEADLINE": "walltime",
    "OUT_OF_MEMORY": "memory",
    "PREEMPTED": "preempted",
    "CANCELLED": "cancelled",
    "REVOKED": "cancelled",
    "REQUEUED": "requeued",
    "REQUEUE_FED": "requeued",
    "REQUEUE_HOLD": "requeued",
    "SPECIAL_EXIT": "requeued",
    "FAILED": "failed",
    "BOOT_FAIL": "lost",
    "NODE_FAIL": "lost",
    "COMPLETED": "lost",
}
WAITING = {"PENDING", "CONFIGURING", "SUSPENDED", "RESV_DEL_HOLD"}
ALIVE = {*WAITING, "RUNNING", "COMPLETING", "RESIZING", "SIGNALING", "STAGE_OUT", "STOPPED"}
LOOKS = 2  # in a row in which a job is nowhere, before it counts as vanished: accounting may be late


class BatchState(Struct, frozen=True):
    """Of one job, as the queue or the accounting has it."""

    state: str  # as Slurm writes it, such as CANCELLED by 1000
    detail: str = ""  # why it waits, or its exit code

    @property
    def name(self) -> str:
        return self.state.split(" ", 1)[0].rstrip("+")

    @property
    def is_waiting(self) -> bool:
        return self.name in WAITING


class JobBook:
    """What was seen of jobs so far."""

    def __init__(self) -> None:
        self._began: set[str] = set()  # those that were seen at work
        self._nowhere: dict[str, int] = {}  # how often in a row

    def queue(self, wanted: Iterable[str], seen: Mapping[str, BatchState]) -> tuple[dict[str, NodeLoss], set[str]]:
        """Jobs that are over by the queue, and those that it doesn't have."""
        ended, unknown = {}, set()
        for job in wanted:
            known = seen.get(job)
            if known is None:
                unknown.add(job)
                continue
            self._nowhere.pop(job, None)
            if loss := self._loss(job, known):
                ended[job] = loss
        return ended, unknown

    def accounting(self, unknown: Iterable[str], seen: Mapping[str, BatchState]) -> dict[str, NodeLoss]:
        """Of jobs that the queue doesn't have."""
        ended = {}
        for job in unknown:
            known = seen.get(job)
            loss = self._loss(job, known) if known else self._vanished(job)
            if loss:
                ended[job] = loss
        return ended

    def _loss(self, job: str, known: BatchState) -> NodeLoss | None:
        if known.is_waiting:
            if known.name != "PENDING" or job not in self._began:
                return None
            self._began.discard(job)
            return NodeLoss("requeued", f"Slurm has put job {job} back into its queue ({known.detail})")
        if known.name in ALIVE:
            self._began.add(job)
            return None
        detail = f", exit code {known.detail}" if known.detail not in {"", "0:0"} else ""
        return NodeLoss(KINDS.get(known.name, "failed"), f"Slurm: job {job} is {known.state}{detail}")

    def _vanished(self, job: str) -> NodeLoss | None:
        self._nowhere[job] = self._nowhere.get(job, 0) + 1
        if self._nowhere[job] < LOOKS:
            return None
        return NodeLoss("lost", f"job {job} is neither in Slurm's queue nor in its accounting")


def parsed(text: str) -> dict[str, BatchState]:
    """By job, from lines such as ``7|RUNNING|None`` or ``7|TIMEOUT|0:0``; what isn't one is passed over."""
    found = {}
    for line in text.splitlines():
        job, _, rest = line.partition("|")
        state, _, detail = rest.partition("|")
        if job.strip().isdecimal() and state.strip():
            found[job.strip()] = BatchState(state.strip(), detail.strip())
    return found
