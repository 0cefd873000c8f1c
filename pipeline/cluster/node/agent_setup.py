"""Setting up an agent on its folder, and ending it."""

import contextlib
import os
import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path

from pipeline.cluster.content import store as content_store
from pipeline.cluster.node.agent import NodeAgent
from pipeline.cluster.node.agent_life import noted
from pipeline.cluster.node.attempt_sweeps import AttemptSweeps
from pipeline.cluster.node.attempt_work import GRACE_SECONDS, AttemptWork
from pipeline.cluster.node.content_sources import ContentSources
from pipeline.cluster.node.environment_suspicion import EnvironmentSuspicion
from pipeline.cluster.node.folder_owner import require_owner
from pipeline.cluster.node.local_runs import LocalRuns
from pipeline.cluster.node.node_cards import NodeCards
from pipeline.cluster.node.node_environments import NodeEnvironments
from pipeline.cluster.node.node_folder import NodeFolder
from pipeline.cluster.node.oom_count import OomCount
from pipeline.cluster.node.outcome_archive import OutcomeArchive
from pipeline.cluster.node.stage_sources import StageSources
from pipeline.cluster.node.stage_variables import StageVariables
from pipeline.executors import runtime_folder
from pipeline.executors.base import WorkerLimits
from pipeline.run.supervision.guardian import Guardian
from pipeline.values import Struct


class AgentSettings(Struct, frozen=True):
    """What an agent is started with."""

    folder: Path
    name: str  # of the node
    limit: int = 50 << 30  # bytes of contents that it keeps
    workers: WorkerLimits | None = None
    runtime: Path | None = None  # where workers are found; default: this user's runtime folder
    token: str = ""  # that opens its server, and those of other nodes
    peers: ssl.SSLContext | None = None  # with which other nodes are asked
    owner: str = ""  # the project and the user that it works for; nobody else may use its folder


@contextlib.contextmanager
def running(settings: AgentSettings, variables: Mapping[str, str]) -> Iterator[NodeAgent]:
    """An agent on its folder; at the end, all that runs is ended.

    Raises ``NotReady`` where another one has it, or it belongs to another owner.
    """
    folder = NodeFolder(settings.folder)
    folder.make()
    with content_store.opened(folder.contents, settings.limit) as store:
        require_owner(folder, settings.owner)
        with noted(folder) as earlier_end, _guarded(settings, variables) as token, contextlib.ExitStack() as ending:
            runs = LocalRuns(folder.project.logs, settings.workers, settings.runtime)
            ending.callback(runs.close, GRACE_SECONDS)
            outcomes = OutcomeArchive(folder.outcomes)
            ending.callback(outcomes.close)
            sweeps = AttemptSweeps()
            ending.callback(sweeps.close)
            environments = NodeEnvironments(folder, store, variables)
            work = AttemptWork(
                name=settings.name,
                folder=folder,
                store=store,
                stage_sources=StageSources(folder.sources, store),
                environments=environments,
                suspicion=EnvironmentSuspicion(environments),
                runs=runs,
                contents=ContentSources(store, settings.token, settings.peers),
                cards=NodeCards(variables),
                variables=StageVariables(folder.project, variables),
                sweeps=sweeps,
                kills=OomCount(),
                token=token,
            )
            agent = NodeAgent(work, outcomes, earlier_end)
            ending.callback(agent.join)  # the last: what runs is ended by then
            ending.callback(runs.close, GRACE_SECONDS)
            ending.callback(agent.stop)
            yield agent


@contextlib.contextmanager
def _guarded(settings: AgentSettings, variables: Mapping[str, str]) -> Iterator[str]:
    """What carries a token that begins with the one that this yields is ended after the block, or with this process."""
    guardian = Guardian(f"{os.urandom(12).hex()}.", settings.runtime or runtime_folder.locate(variables))
    guardian.start()
    try:
        yield guardian.token
    finally:
        guardian.end()
