"""The agent's side of the wire: requests in JSON, by their names, and its answers."""

from collections.abc import Callable, Mapping

from pipeline.cluster.node.agent import NodeAgent
from pipeline.cluster.wire.attempt_order import AttemptId, decode_order
from pipeline.values import Struct, decode, encode

LONGEST_WAIT = 20.0  # seconds; a client waits longer for an answer


class StateQuestion(Struct, frozen=True):
    """What has happened to an attempt beyond so many reports, and bytes of its log."""

    id: AttemptId
    reports: int = 0
    log: int = 0
    seconds: float = 0.0  # to wait for news


def answers_of(agent: NodeAgent) -> Mapping[str, Callable[[bytes], bytes]]:
    """By the names of the requests. Each raises ``ValueError`` for what isn't such a request."""

    def state(body: bytes) -> bytes:
        question = decode(body, StateQuestion)
        return encode(agent.state(question.id, question.reports, question.log, min(question.seconds, LONGEST_WAIT)))

    def begin(body: bytes) -> bytes:
        return encode(agent.begin(decode_order(body)))

    def cancel(body: bytes) -> bytes:
        agent.cancel(decode(body, AttemptId))
        return b"{}"

    def forget(body: bytes) -> bytes:
        agent.forget(decode(body, AttemptId))
        return b"{}"

    return {"begin": begin, "state": state, "cancel": cancel, "forget": forget}
