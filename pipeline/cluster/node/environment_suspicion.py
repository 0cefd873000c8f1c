"""A stage failed on a node as if its environment were damaged there: every file of it is looked at."""

import os
from pathlib import Path

from pipeline.cluster.node.node_attempt import NodeAttempt
from pipeline.cluster.node.node_environments import NodeEnvironments
from pipeline.cluster.wire.attempt_order import EnvironmentRecipe
from pipeline.run.failures.classify import should_escalate
from pipeline.run.failures.evidence import Evidence
from pipeline.run.failures.message import last_lines

MOST_SYMPTOMS = 1000  # that are known of whole environments


class EnvironmentSuspicion:
    """Threads share it. A symptom that a whole environment had before isn't looked into twice."""

    def __init__(self, environments: NodeEnvironments) -> None:
        self._environments = environments
        self._whole: set[object] = set()

    def damage(self, recipe: EnvironmentRecipe, prefix: Path, attempt: NodeAttempt, returncode: int | None) -> str:
        """As ``NodeEnvironments.damage``, where the end of an attempt points to it."""
        raised = next((report.raised for report in reversed(attempt.said) if report.raised), None)
        evidence = Evidence(os.fspath(prefix), returncode, raised=raised, last_lines=last_lines(attempt.log))
        if evidence.symptom in self._whole or not should_escalate(evidence):
            return ""
        found = self._environments.damage(recipe, prefix)
        if not found:
            if len(self._whole) >= MOST_SYMPTOMS:
                self._whole.clear()
            self._whole.add(evidence.symptom)
        return found
