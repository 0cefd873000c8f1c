"""The specification of a node's pod, by the types of the Kubernetes project's own client."""

from typing import Any

import yaml
from kubernetes.client import V1Pod

from pipeline.cluster.definitions.cluster_definition import KubernetesPods
from pipeline.cluster.definitions.pod_definition import CERTIFICATES, FOLDER
from pipeline.cluster.kubernetes import pod_template
from pipeline.cluster.kubernetes.pod_template import NodePod

TEMPLATE = """
metadata: {labels: {team: films, pipeline-owner: somebody}, annotations: {sidecar.istio.io/inject: "false"}}
spec:
  restartPolicy: Always
  automountServiceAccountToken: true
  tolerations: [{key: gpu, operator: Exists}]
  volumes: [{name: disk, hostPath: {path: /var/lib/films}}]
  containers:
    - {name: proxy, image: proxy:1}
    - name: worker
      env: [{name: HTTPS_PROXY, value: proxy}]
      resources: {limits: {nvidia.com/gpu: 1, memory: 1}, requests: {cpu: 99}}
      volumeMounts: [{name: disk, mountPath: /pipeline-node}]
"""


def made(template: str = "") -> dict[str, Any]:
    pods = KubernetesPods(image="films:3", cpus=8, memory=1 << 30, pod=yaml.safe_load(template) or {})
    node = NodePod(name="pipeline-kube-0-a1", owner="me", secret="certificates", command=["python", "-m", "x"])
    return pod_template.pod(node, pods)


def mounts(pod: dict[str, Any]) -> dict[str, str]:
    """Volumes by the places where the node's container has them."""
    container = pod["spec"]["containers"][0]
    return {each["mountPath"]: each["name"] for each in container["volumeMounts"]}


def test_without_a_template_a_node_has_what_it_needs() -> None:
    pod = made()
    V1Pod.model_validate(pod)
    spec = pod["spec"]
    (container,) = spec["containers"]
    assert (container["name"], container["image"], container["command"]) == ("worker", "films:3", ["python", "-m", "x"])
    assert container["resources"] == {
        "requests": {"cpu": "8", "memory": str(1 << 30)},
        "limits": {"memory": str(1 << 30)},
    }
    assert spec["restartPolicy"] == "Never"
    assert not spec["enableServiceLinks"]  # or Kubernetes sets variables that Dask takes for settings
    volumes = {each["name"]: each for each in spec["volumes"]}
    assert volumes[mounts(pod)[CERTIFICATES]]["secret"] == {"secretName": "certificates"}
    assert volumes[mounts(pod)[FOLDER]]["emptyDir"] == {}


def test_a_template_adds_to_it_and_changes_nothing_that_a_node_needs() -> None:
    pod = made(TEMPLATE)
    V1Pod.model_validate(pod)
    assert pod["metadata"]["labels"] == {"team": "films", "pipeline-owner": "me"}
    assert pod["metadata"]["annotations"] == {"sidecar.istio.io/inject": "false"}
    spec = pod["spec"]
    assert (spec["restartPolicy"], spec["automountServiceAccountToken"]) == ("Never", True)
    assert [each["name"] for each in spec["containers"]] == ["worker", "proxy"]
    container = spec["containers"][0]
    assert container["resources"] == {
        "requests": {"cpu": "8", "memory": str(1 << 30)},
        "limits": {"memory": str(1 << 30), "nvidia.com/gpu": "1"},
    }
    assert [each["name"] for each in container["env"]] == ["POD_IP", "PIPELINE_POD", "HTTPS_PROXY"]


def test_a_disk_of_the_template_s_own_takes_the_place_of_the_pod_s() -> None:
    pod = made(TEMPLATE)
    assert mounts(pod)[FOLDER] == "disk"
    assert [each["name"] for each in pod["spec"]["volumes"]] == ["pipeline-certificates", "disk"]


def test_numbers_are_quantities_and_nothing_is_nothing() -> None:
    pod = made("""
metadata:
spec:
  volumes: [{name: tmp, emptyDir: {sizeLimit: 1000000}}]
  initContainers: [{name: first, image: x, resources: {limits: {cpu: 1}}}]
  containers:
    - {name: proxy, image: x, resources: {requests: {cpu: 0.5}, limits: }}
    - {name: worker, volumeMounts: , env: , resources: }
""")
    V1Pod.model_validate(pod)
    assert pod["spec"]["initContainers"][0]["resources"]["limits"] == {"cpu": "1"}
    assert pod["spec"]["containers"][1]["resources"]["requests"] == {"cpu": "0.5"}
    assert pod["spec"]["volumes"][-1]["emptyDir"] == {"sizeLimit": "1000000"}


def test_claims_of_devices_stay_as_they_are() -> None:
    pod = made("spec: {containers: [{name: worker, resources: {claims: [{name: gpu}]}}]}")
    assert pod["spec"]["containers"][0]["resources"]["claims"] == [{"name": "gpu"}]
    V1Pod.model_validate(pod)
