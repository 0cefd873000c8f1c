"""What a node tells a run, in order and each once: the run asks for all that came after the last one it has. Pure."""

from pipeline.cluster.wire.attempt_order import AttemptId, AttemptOrder
from pipeline.cluster.wire.attempt_outcome import AttemptOutcome
from pipeline.executors.reports import StageReport
from pipeline.values import Struct, field

INLINE_BYTES = 32 << 10  # of a content that travels inside a message, and of all in one message 16 times as much


class NodeEvent(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="event"):
    """About one attempt."""

    id: AttemptId


class AttemptPrepares(NodeEvent, frozen=True, tag="prepares"):
    """What is made ready for it, in words."""

    words: str


class AttemptBegan(NodeEvent, frozen=True, tag="began"):
    """Its process is started. ``seconds``: since then."""

    seconds: float = 0.0


class AttemptReported(NodeEvent, frozen=True, tag="reported"):
    """Its stage has said something."""

    report: StageReport


class AttemptLogged(NodeEvent, frozen=True, tag="logged"):
    """Its log has grown."""

    offset: int  # bytes that it had
    data: bytes


class AttemptEnded(NodeEvent, frozen=True, tag="ended"):
    """All of its log was told before. ``contents``: small ones that it made, by digest."""

    outcome: AttemptOutcome
    contents: dict[str, bytes] = field(default_factory=dict)


AnyNodeEvent = AttemptPrepares | AttemptBegan | AttemptReported | AttemptLogged | AttemptEnded


class EventsQuestion(Struct, frozen=True, omit_defaults=True):
    """What has happened to attempts of a run since an event."""

    run: str
    session: str = ""  # that of the agent's process which counted so far; empty at first
    after: int = 0  # the number of the last event that the run has
    seconds: float = 0.0  # to wait for news
    done: tuple[AttemptId, ...] = ()  # of which the run has all that it needs


class NodeEvents(Struct, frozen=True, omit_defaults=True):
    """News. Where ``session`` isn't the one of the question, the agent's process is another one: its events begin
    again, with the outcomes that were kept."""

    session: str
    last: int  # the number of the last of these
    events: tuple[AnyNodeEvent, ...] = ()
    drains: bool = False  # it takes no more orders, since its time is nearly over


class OrderBatch(Struct, frozen=True, omit_defaults=True):
    """Orders, with the contents that are small and probably new to the node, by digest."""

    orders: tuple[AttemptOrder, ...]
    contents: dict[str, bytes] = field(default_factory=dict)
    sources: dict[str, tuple["ContentSource", ...]] = field(default_factory=dict)  # by digest, the nearest first


class ContentSource(Struct, frozen=True, omit_defaults=True):
    """Where a content may be had: at another node, or below a folder that machines share."""

    address: str = ""  # of a node's server, HOST:PORT; the run's token opens it
    path: str = ""


class OrderAnswer(Struct, frozen=True, omit_defaults=True):
    """What became of an order."""

    id: AttemptId
    missing: tuple[str, ...] = ()  # contents that must come before it can begin
    refused: str = ""  # why it won't begin


class OrderAnswers(Struct, frozen=True):
    answers: tuple[OrderAnswer, ...]


class NodeAttempts(Struct, frozen=True):
    """Attempts of a run that a node knows."""

    running: tuple[AttemptId, ...] = ()  # or prepared just now
    ended: tuple[AttemptId, ...] = ()  # whose outcome nobody has had
