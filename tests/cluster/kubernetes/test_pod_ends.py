"""What the state of a pod means for its node."""

from typing import Any

import pytest

from pipeline.cluster.kubernetes import pod_ends
from pipeline.cluster.members import LossKind


def pod(status: dict[str, Any], **metadata: str) -> dict[str, Any]:
    return {"metadata": {"name": "p", **metadata}, "status": status}


def container(kind: str, **values: object) -> dict[str, Any]:
    """The state of the node's container, beside another one."""
    other = {"name": "proxy", "state": {"terminated": {"exitCode": 1, "reason": "Error"}}}
    return {"containerStatuses": [other, {"name": "worker", "state": {kind: values}}]}


def before(kind: str, **values: object) -> dict[str, Any]:
    """The state of a container that must end before the node's begins."""
    first = {"initContainerStatuses": [{"name": "first", "state": {kind: values}}]}
    return {**first, "containerStatuses": [{"name": "worker", "state": {"waiting": {"reason": "PodInitializing"}}}]}


def disruption(reason: str) -> dict[str, Any]:
    return {"conditions": [{"type": "DisruptionTarget", "status": "True", "reason": reason, "message": "why"}]}


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [
        (
            container("terminated", exitCode=137, reason="OOMKilled"),
            "memory",
            "worker ended with exit code 137: OOMKilled",
        ),
        (container("terminated", exitCode=1, reason="Error"), "failed", "exit code 1: Error"),
        (container("terminated", exitCode=0, reason="Completed"), "lost", "exit code 0: Completed"),
        (container("terminated", exitCode=137), "failed", "exit code 137: no reason given"),
        ({**disruption("PreemptionByScheduler")}, "preempted", "PreemptionByScheduler: why"),
        ({**disruption("EvictionByEvictionAPI")}, "preempted", "EvictionByEvictionAPI: why"),
        ({**disruption("TerminationByKubelet")}, "preempted", "TerminationByKubelet: why"),
        ({**disruption("DeletionByTaintManager")}, "lost", "DeletionByTaintManager: why"),
        ({**disruption("DeletionByPodGC"), "phase": "Failed"}, "lost", "DeletionByPodGC: why"),
        ({"phase": "Failed", "reason": "Evicted", "message": "over its limit"}, "failed", "Evicted: over its limit"),
        ({**disruption("NewReason"), "reason": "NodeLost"}, "lost", "NewReason: why"),
        ({"phase": "Succeeded"}, "lost", "it has ended"),
        (container("terminated", exitCode=137, reason="ContainerStatusUnknown"), "lost", "ContainerStatusUnknown"),
        (container("terminated", exitCode=128, reason="StartError", message="no python"), "failed", "no python"),
        (before("waiting", reason="ImagePullBackOff", message="no such image"), "failed", "no such image"),
        (
            {**before("terminated", exitCode=2, reason="Error", message="no disk"), "phase": "Failed"},
            "failed",
            "container first ended with exit code 2: Error: no disk",
        ),
        ({"phase": "Failed", "reason": "DeadlineExceeded"}, "walltime", "DeadlineExceeded"),
        ({"phase": "Failed", "reason": "UnexpectedAdmissionError"}, "failed", "has failed: UnexpectedAdmissionError"),
        ({"phase": "Failed"}, "failed", "has failed: no reason given"),
        (container("waiting", reason="ImagePullBackOff", message="no such image"), "failed", "no such image"),
        (container("waiting", reason="CreateContainerConfigError"), "failed", "CreateContainerConfigError"),
    ],
)
def test_each_end_is_a_kind_with_its_evidence(status: dict[str, Any], kind: LossKind, words: str) -> None:
    loss = pod_ends.loss_of(pod(status))
    assert loss
    assert loss.kind == kind
    assert words in loss.words


def test_what_takes_a_pod_away_says_more_than_how_its_container_ended() -> None:
    status = {**disruption("PreemptionByScheduler"), **container("terminated", exitCode=143, reason="Error")}
    loss = pod_ends.loss_of(pod(status, deletionTimestamp="2026-01-01T00:00:00Z"))
    assert loss
    assert loss.kind == "preempted"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (container("running"), "cancelled"),
        (container("terminated", exitCode=143, reason="Error"), "cancelled"),
        (container("terminated", exitCode=137, reason="OOMKilled"), "memory"),
    ],
)
def test_a_pod_that_somebody_deletes_is_cancelled(status: dict[str, Any], kind: LossKind) -> None:
    loss = pod_ends.loss_of(pod(status, deletionTimestamp="2026-01-01T00:00:00Z"))
    assert loss
    assert loss.kind == kind


@pytest.mark.parametrize(
    "status",
    [
        {},
        {"phase": "Pending"},
        {"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}]},
        container("waiting", reason="ContainerCreating"),
        container("waiting", reason="ErrImagePull"),  # which is tried again
        container("running", startedAt="2026-01-01T00:00:00Z"),
        {"conditions": [{"type": "DisruptionTarget", "status": "False", "reason": "PreemptionByScheduler"}]},
        {"phase": "Running", "containerStatuses": None, "conditions": None},
    ],
)
def test_a_pod_that_waits_or_works_is_not_over(status: dict[str, Any]) -> None:
    assert pod_ends.loss_of(pod(status)) is None


def test_why_a_pod_has_not_begun() -> None:
    unscheduled = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes"}
    assert pod_ends.wait_reason(pod({"conditions": [unscheduled]})) == "Kubernetes: pod p: Unschedulable: 0/3 nodes"
    assert pod_ends.wait_reason(pod(container("waiting", reason="ErrImagePull"))) == "Kubernetes: pod p: ErrImagePull"
    assert pod_ends.wait_reason(pod(container("running"))) == ""
    assert pod_ends.wait_reason(pod(before("waiting", reason="ErrImagePull"))) == "Kubernetes: pod p: ErrImagePull"


def test_when_a_pod_has_ended() -> None:
    time = "2026-01-01T00:00:00Z"
    assert pod_ends.ended_at(pod(container("terminated", exitCode=0, finishedAt=time))) == time
    assert pod_ends.ended_at(pod(container("running"), creationTimestamp=time)) == ""
    assert pod_ends.ended_at(pod({"phase": "Failed", "reason": "Evicted"}, creationTimestamp=time)) == time
