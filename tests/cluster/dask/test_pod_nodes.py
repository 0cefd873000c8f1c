"""Nodes as pods of a Kubernetes that takes, refuses, ends, evicts and deletes them."""

import asyncio
import base64
import re
import shutil
import stat
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from pipeline.cluster.batch import batch_watch
from pipeline.cluster.definitions import cluster_file
from pipeline.cluster.definitions.cluster_definition import ClusterDefinition, KubernetesPods, NodeRange
from pipeline.cluster.kubernetes import pod_api
from pipeline.cluster.kubernetes.errors import KubernetesError
from pipeline.cluster.kubernetes.kubernetes_system import KubernetesSystem
from pipeline.cluster.kubernetes.pod_api import PodApi
from pipeline.cluster.members import ClusterFailed, ClusterNotice, LossKind, NodeLoss
from pipeline.jobs.events import StageFinished, StageStarted
from pipeline.project import ProjectFolder
from tests.cluster.dask.fake_kubernetes import ApiRefusal, FakeKubernetes
from tests.cluster.dask.helpers import Follower, following, wait_for
from tests.cluster.driver.faults import NAMES, marked_job, marks_of
from tests.conftest import REPOSITORY, Sandbox, offline
from tests.jobs.helpers import events_of
from tests.test_process import eventually

DOCUMENT = REPOSITORY / "docs/how-to/more-than-one-machine.md"
CLUSTER = """kube:
  kind: kubernetes
  image: films:3
  nodes: {{min: 2, max: 2}}
  cpus: 1
  memory: 1 GiB
  listen: 127.0.0.1
  poll_seconds: 1
  node_folder: {folder}/$NODE
"""


@pytest.fixture
def kubernetes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spawning: None) -> Iterator[FakeKubernetes]:
    folder = tmp_path / "kubernetes"
    folder.mkdir()
    fake = FakeKubernetes(folder)
    fake.write_configuration(tmp_path / "kubeconfig")
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
    with fake.running():
        yield fake


def definition(folder: Path, nodes: int = 1, **more: object) -> ClusterDefinition:
    pods = {"image": "registry/pipeline:1", "cpus": 1, "memory": 1 << 30, "listen": "127.0.0.1", "poll_seconds": 1.0}
    return ClusterDefinition(
        name="kube",
        deployment=KubernetesPods(**{**pods, **more}),  # type: ignore[arg-type]
        nodes=NodeRange(nodes, 4),
        node_folder=str(folder / "nodes" / "$NODE"),
        start_seconds=2.0,
    )


def known_loss(follower: Follower, kind: LossKind) -> NodeLoss:
    """What is known in the end, whichever evidence came first."""

    def look() -> list[NodeLoss]:
        known = [follower.left("kube-0").loss, follower.members.why("kube-0")]
        return [each for each in known if each is not None and each.kind == kind]

    return wait_for(look)[0]


def test_a_pod_becomes_a_node_with_what_its_template_says_and_goes_with_the_run(
    kubernetes: FakeKubernetes, tmp_path: Path
) -> None:
    template = {"metadata": {"labels": {"team": "films"}}, "spec": {"nodeSelector": {"disk": "ssd"}}}
    with following(definition(tmp_path, pod=template), tmp_path) as follower:
        node = follower.joined("kube-0").node
        (name,) = kubernetes.names()
        pod = kubernetes.objects["pods"][name]
        assert (node.batch_job, node.cpus, node.memory) == (name, 1, 1 << 30)
        assert (pod["metadata"]["labels"]["team"], pod["spec"]["nodeSelector"]) == ("films", {"disk": "ssd"})
        (secret,) = kubernetes.objects["secrets"].values()
        assert set(secret["data"]) == {"authority.crt", "node.crt", "node.key"}  # the driver's key stays here
    wait_for(lambda: not kubernetes.names())
    log = tmp_path / "logs" / "kube-nodes.log"
    assert f"pod {name}:" in log.read_text()
    assert "Start worker at" in log.read_text()
    assert stat.S_IMODE(log.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("reason", "kind"), [("PreemptionByScheduler", "preempted"), ("EvictionByEvictionAPI", "preempted")]
)
def test_a_pod_that_is_taken_away_is_told_by_its_kind_and_replaced(
    kubernetes: FakeKubernetes, tmp_path: Path, reason: str, kind: LossKind
) -> None:
    with following(definition(tmp_path), tmp_path) as follower:
        follower.joined("kube-0")
        (name,) = kubernetes.names()
        kubernetes.disrupt(name, reason, "somebody more important came")
        assert known_loss(follower, kind).words == f"Kubernetes: pod {name}: {reason}: somebody more important came"
        assert follower.joined("kube-0", 2).node.batch_job != name
        wait_for(lambda: name not in kubernetes.names())


def test_a_pod_that_runs_out_of_memory_is_told(kubernetes: FakeKubernetes, tmp_path: Path) -> None:
    with following(definition(tmp_path), tmp_path) as follower:
        follower.joined("kube-0")
        kubernetes.run_out_of_memory(kubernetes.names()[0])
        assert "OOMKilled" in known_loss(follower, "memory").words


def test_a_pod_that_somebody_deletes_is_replaced(kubernetes: FakeKubernetes, tmp_path: Path) -> None:
    with following(definition(tmp_path), tmp_path) as follower:
        follower.joined("kube-0")
        (name,) = kubernetes.names()
        kubernetes.answer("DELETE", f"/api/v1/namespaces/lab/pods/{name}", {}, None)
        follower.left("kube-0")
        assert follower.joined("kube-0", 2).node.batch_job != name


def test_an_image_that_can_t_be_had_ends_the_cluster_with_the_words_of_kubernetes(
    kubernetes: FakeKubernetes, tmp_path: Path
) -> None:
    kubernetes.is_held = True
    waiting = {"reason": "ImagePullBackOff", "message": 'Back-off pulling image "registry/pipeline:1"'}
    with following(definition(tmp_path), tmp_path) as follower:

        def failed() -> list[ClusterFailed]:
            for name in kubernetes.names():
                kubernetes.update(name, containerStatuses=[{"name": "worker", "state": {"waiting": waiting}}])
            return [each for each in follower.look() if isinstance(each, ClusterFailed)]

        words = wait_for(failed)[0].words
        assert "no node can be started: Kubernetes: pod pipeline-kube-0-" in words
        assert 'ImagePullBackOff: Back-off pulling image "registry/pipeline:1"' in words


def test_a_pod_that_no_machine_has_room_for_is_told(kubernetes: FakeKubernetes, tmp_path: Path) -> None:
    kubernetes.is_held = True
    with following(definition(tmp_path), tmp_path) as follower:
        wait_for(lambda: "Insufficient cpu" in follower.members.problems().get("kube-0", ""))
        notices = [each.words for each in follower.look() if isinstance(each, ClusterNotice)]
        assert next(each for each in notices if "Insufficient cpu" in each).startswith(
            "kube-0: it was started more than 2"
        )
        assert "hasn't come: Kubernetes: pod pipeline-kube-0-" in follower.members.problems()["kube-0"]


def test_a_job_goes_on_in_another_pod_when_one_is_evicted(
    ready: Sandbox, kubernetes: FakeKubernetes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in offline(tmp_path).items():
        monkeypatch.setenv(name, text)
    ready.write("config/clusters.yaml", CLUSTER.format(folder=tmp_path / "nodes"))
    job = marked_job(ready, tmp_path / "marks", seconds=1.0)
    run = ready.start("run-pipeline", "-j", job.id, "--cluster", "kube")
    wait_for(lambda: marks_of(tmp_path / "marks")["first"])
    (started,) = [each for each in events_of(job, StageStarted) if each.stage == "first"]
    (evicted,) = [each for each in kubernetes.names() if each.startswith(f"pipeline-{started.node}-")]
    kubernetes.disrupt(evicted, "EvictionByEvictionAPI", "its machine is being drained")
    _, said = run.communicate(timeout=120)
    assert run.returncode == 0, said.decode()
    why = f"Kubernetes: pod {evicted}: EvictionByEvictionAPI: its machine is being drained"
    assert f"node {started.node} was lost: {why}" in said.decode()
    assert Counter(each.stage for each in events_of(job, StageFinished)) == dict.fromkeys(NAMES, 1)
    assert marks_of(tmp_path / "marks")["first"] == 2
    wait_for(lambda: not kubernetes.names())


def test_who_may_not_make_pods_is_told_before_any_is_made(kubernetes: FakeKubernetes, tmp_path: Path) -> None:
    words = 'pods is forbidden: User "ann" cannot create resource "pods" in API group "" in the namespace "lab"'
    kubernetes.refusal = ApiRefusal(403, words)
    with following(definition(tmp_path), tmp_path) as follower:
        assert follower.failed().words == f"the cluster kube can't be started: Kubernetes refuses: {words}"
    assert kubernetes.objects["secrets"] == {}


def test_a_mistake_in_a_template_is_told_with_its_place(kubernetes: FakeKubernetes, tmp_path: Path) -> None:
    template = {"spec": {"nodeSelektor": {"disk": "ssd"}}}
    with following(definition(tmp_path, pod=template), tmp_path) as follower:
        assert "spec.nodeSelektor: Extra inputs are not permitted" in follower.failed().words


def test_a_quota_that_is_used_up_later_is_told_and_the_nodes_that_are_there_go_on(
    kubernetes: FakeKubernetes, tmp_path: Path
) -> None:
    with following(definition(tmp_path), tmp_path) as follower:
        follower.joined("kube-0")
        kubernetes.refusal = ApiRefusal(403, "exceeded quota: films")
        follower.members.want(2)
        wait_for(lambda: "exceeded quota: films" in follower.members.problems().get("kube-1", ""))
        assert [each.node.name for each in follower.members.nodes()] == ["kube-0"]


def test_a_pod_whose_making_isn_t_answered_is_one_pod_all_the_same(kubernetes: FakeKubernetes, tmp_path: Path) -> None:
    with following(definition(tmp_path), tmp_path) as follower:
        wait_for(lambda: kubernetes.objects["secrets"])
        kubernetes.faults = [("POST", 504)]
        follower.joined("kube-0")
        assert kubernetes.faults == []
        assert len(kubernetes.names()) == 1
        assert follower.members.problems() == {}
    wait_for(lambda: not kubernetes.names())


def test_a_pod_that_can_t_be_deleted_at_once_is_deleted_later(
    kubernetes: FakeKubernetes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pod_api, "PATIENCE", 0.0)
    with following(definition(tmp_path), tmp_path) as follower:
        follower.joined("kube-0")
        (first,) = kubernetes.names()
        kubernetes.failures = [("DELETE", 503)]
        kubernetes.run_out_of_memory(first)
        follower.joined("kube-0", 2)
        assert first in kubernetes.names()
        assert kubernetes.failures == []
    assert eventually(lambda: kubernetes.names() == [], 60), kubernetes.names()


def test_an_api_that_is_started_again_is_asked_again(kubernetes: FakeKubernetes) -> None:
    api = PodApi(KubernetesPods(image="x", cpus=1, memory=1))
    kubernetes.failures = [("POST", 503), ("POST", 429), ("PUT", 500)]
    for content in (b"old", b"new"):
        api.put_secret("s", {"file": content})
    assert kubernetes.failures == []
    assert kubernetes.objects["secrets"]["s"]["data"] == {"file": base64.b64encode(b"new").decode()}


def test_a_token_that_has_changed_is_read_again(kubernetes: FakeKubernetes, tmp_path: Path) -> None:
    api = PodApi(KubernetesPods(image="x", cpus=1, memory=1))
    assert api.pods("a=b") == []
    kubernetes.token = "another"
    with pytest.raises(KubernetesError, match="Kubernetes refuses: Unauthorized"):
        api.pods("a=b")
    kubernetes.write_configuration(tmp_path / "kubeconfig")
    api.delete("gone")  # the first answer says Unauthorized, and the second that there is none


@pytest.mark.parametrize(
    "answer", ["<html>please log in</html>", '{"kind": "Status"}', '{"items": null}', '{"items": [1]}']
)
def test_an_answer_that_is_no_list_of_pods_says_nothing_of_any(
    kubernetes: FakeKubernetes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    monkeypatch.setattr(batch_watch, "SILENT_SECONDS", 0.0)
    with following(definition(tmp_path), tmp_path) as follower:
        follower.joined("kube-0")
        kubernetes.lists = answer
        words = "nobody can say how the nodes of kube end: what answers for Kubernetes has no list of pods"
        wait_for(lambda: ClusterNotice(words) in follower.look())
        assert [each.node.name for each in follower.members.nodes()] == ["kube-0"]


def test_one_look_that_finds_no_pod_is_not_believed(kubernetes: FakeKubernetes) -> None:
    api = PodApi(KubernetesPods(image="x", cpus=1, memory=1))
    system = KubernetesSystem(api, "pipeline-owner=me")
    assert asyncio.run(system.ends({"p"})) == {}
    assert asyncio.run(system.ends({"p"}))["p"].words == "Kubernetes has no pod p any more"


def test_a_folder_for_logs_that_is_gone_keeps_no_pod_alive(kubernetes: FakeKubernetes, tmp_path: Path) -> None:
    with following(definition(tmp_path), tmp_path) as follower:
        follower.joined("kube-0")
        shutil.rmtree(tmp_path / "logs")
    assert eventually(lambda: kubernetes.names() == [], 60), kubernetes.names()


def test_a_cluster_that_isn_t_there_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    with following(definition(tmp_path), tmp_path) as follower:
        assert follower.failed().words.startswith("the cluster kube can't be started: Kubernetes can't be found: ")


def test_pods_of_a_run_that_has_died_are_removed_by_the_next_one(kubernetes: FakeKubernetes, tmp_path: Path) -> None:
    with following(definition(tmp_path), tmp_path) as follower:
        follower.joined("kube-0")
        owner = kubernetes.objects["pods"][kubernetes.names()[0]]["metadata"]["labels"]["pipeline-owner"]
    terminated = {"terminated": {"finishedAt": "2026-01-01T00:00:00Z"}}
    kubernetes.objects["pods"]["old"] = {
        "metadata": {"name": "old", "labels": {"pipeline-owner": owner}},
        "status": {"containerStatuses": [{"name": "worker", "state": terminated}]},
    }
    with following(definition(tmp_path), tmp_path) as follower:
        follower.joined("kube-0")
        assert "old" not in kubernetes.names()


def test_the_document_s_role_allows_what_a_run_asks_for_and_no_more(kubernetes: FakeKubernetes, tmp_path: Path) -> None:
    with following(definition(tmp_path), tmp_path) as follower:
        follower.joined("kube-0")
    with following(definition(tmp_path), tmp_path) as follower:  # which finds the Secret there
        follower.joined("kube-0")
        wait_for(lambda: ("list", "pods") in kubernetes.asked)
    section = DOCUMENT.read_text(encoding="utf-8").partition("\n## Kubernetes\n")[2]
    blocks = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", section, re.DOTALL)]
    (role,) = [each for each in blocks if each.get("kind") == "Role"]
    allowed = {(verb, kind) for rule in role["rules"] for kind in rule["resources"] for verb in rule["verbs"]}
    assert allowed == kubernetes.asked


def test_the_document_s_clusters_are_ones(tmp_path: Path) -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    blocks = re.findall(r"```yaml\n(# config/clusters\.yaml\n.*?)```", text, re.DOTALL)
    (tmp_path / "config").mkdir()
    for block in blocks:
        (tmp_path / "config" / "clusters.yaml").write_text(block)
        assert "kube" in cluster_file.load(ProjectFolder(tmp_path))
    assert len(blocks) == 2
