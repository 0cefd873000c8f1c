"""The agent's side of the wire: requests in JSON, by their names, and its answers."""

from collections.abc import Callable, Mapping

from pipeline.cluster.node.agent import NodeAgent
from pipeline.cluster.wire.attempt_order import AttemptId
from pipeline.cluster.wire.node_events import EventsQuestion
from pipeline.cluster.wire.order_batch import decode_batch
from pipeline.values import Struct, decode, encode, replace

LONGEST_WAIT = 20.0  # seconds; a client waits longer for an answer


class AttemptsQuestion(Struct, frozen=True):
    """Which attempts of a run does the node know?"""

    run: str


def answers_of(agent: NodeAgent) -> Mapping[str, Callable[[bytes], bytes]]:
    """By the names of the requests. Each raises ``ValueError`` for what isn't such a request."""

    def begin(body: bytes) -> bytes:
        return encode(agent.begin(decode_batch(body)))

    def events(body: bytes) -> bytes:
        question = decode(body, EventsQuestion)
        return encode(agent.events(replace(question, seconds=min(question.seconds, LONGEST_WAIT))))

    def attempts(body: bytes) -> bytes:
        return encode(agent.attempts(decode(body, AttemptsQuestion).run))

    def runs(body: bytes) -> bytes:  # noqa: ARG001  # there is nothing to ask beside
        return encode(agent.runs())

    def cancel(body: bytes) -> bytes:
        agent.cancel(decode(body, tuple[AttemptId, ...]))
        return b"{}"

    def forget(body: bytes) -> bytes:
        agent.forget(decode(body, tuple[AttemptId, ...]))
        return b"{}"

    return {"begin": begin, "events": events, "attempts": attempts, "runs": runs, "cancel": cancel, "forget": forget}
