"""A session or a call failed as if its environment were damaged: look at every file of it, and repair it if it is."""

from pipeline.calls.errors import RemoteError, WorkerLost
from pipeline.calls.source import CallSource
from pipeline.environments import builder_for, registry_of
from pipeline.envs.repair.repair import repair
from pipeline.executors.reports import StageException
from pipeline.progress import Progress
from pipeline.run.failures.classes import FailureClass
from pipeline.run.failures.classify import should_escalate
from pipeline.run.failures.escalation import damage_of
from pipeline.run.failures.evidence import Evidence

NOT_STARTED = "not_started"
_SUSPICIOUS = {each.name.lower() for each in (FailureClass.ENVIRONMENT_SUSPECTED, FailureClass.ENVIRONMENT_DAMAGED)}
_whole: set[tuple[str, str]] = set()  # symptoms that a whole environment has had: it isn't looked at twice


def is_repaired(source: CallSource, error: RemoteError | WorkerLost, progress: Progress) -> bool:
    """Whether the environment was damaged and is whole now. Raises ``NotReady`` where it can't be repaired.

    It takes a second for each GiB of the environment, or less, and what a repair takes.
    """
    prefix = source.interpreter.get().prefix
    symptom = (str(prefix), error.message)
    if symptom in _whole or not _is_suspicious(error, str(prefix)):
        return False
    from pipeline.config.catalog import Catalog

    catalog = Catalog(source.project)
    build = registry_of(source.project).live(source.environment)
    if build is None or build.prefix != prefix or not build.is_ours:
        return False  # somebody else's, or there is another one by now
    progress(f"checking every file of environment {source.environment}")
    damage = damage_of(build)
    if not damage:
        _whole.add(symptom)
        return False
    progress(f"repairing environment {source.environment}: {damage[0]}")
    repair(builder_for(catalog), catalog.environment(source.environment), progress, prefix)
    source.interpreter.forget()
    return True


def _is_suspicious(error: RemoteError | WorkerLost, prefix: str) -> bool:
    if isinstance(error, WorkerLost):
        return error.failure in {NOT_STARTED, *_SUSPICIOUS}
    raised = StageException(error.type.removeprefix("builtins."), error.remote_message)
    return should_escalate(Evidence(prefix=prefix, returncode=1, raised=raised))
