"""Where the API of Kubernetes is looked for, and which namespace is used there."""

from pathlib import Path

import pytest
import yaml

from pipeline.cluster.definitions.cluster_definition import KubernetesPods
from pipeline.cluster.kubernetes import pod_api, pod_job


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("KUBECONFIG", "KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def opened(**more: str) -> tuple[str, str]:
    """Address and namespace."""
    core, namespace = pod_api._opened(KubernetesPods(image="x", cpus=1, memory=1, **more))  # type: ignore[arg-type]
    return core.api_client.configuration.host, namespace


def configuration(path: Path) -> None:
    path.parent.mkdir(exist_ok=True)
    names = ("near", "far")
    contexts = [{"name": each, "context": {"cluster": each, "user": "u"}} for each in names]
    contexts[1]["context"]["namespace"] = "films"  # type: ignore[index]
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "near",
        "clusters": [{"name": each, "cluster": {"server": f"https://{each}:6443"}} for each in names],
        "users": [{"name": "u", "user": {"token": "t"}}],
        "contexts": contexts,
    }
    path.write_text(yaml.safe_dump(config))


def test_the_user_s_own_configuration_says_where_it_is(home: Path) -> None:
    configuration(home / ".kube" / "config")
    assert opened() == ("https://near:6443", "default")
    assert opened(context="far") == ("https://far:6443", "films")
    assert opened(context="far", namespace="lab") == ("https://far:6443", "lab")


def test_a_variable_names_another_configuration(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    configuration(home / "other" / "config")
    monkeypatch.setenv("KUBECONFIG", f"{home}/none:{home}/other/config")
    assert opened(context="far") == ("https://far:6443", "films")


def test_within_a_pod_its_service_account_and_its_namespace_are_used(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in (("token", "t"), ("ca.crt", "c"), ("namespace", "lab\n")):
        (home / name).write_text(text)
    loader = "kubernetes.config.incluster_config"
    monkeypatch.setattr(f"{loader}.SERVICE_TOKEN_FILENAME", str(home / "token"))
    monkeypatch.setattr(f"{loader}.SERVICE_CERT_FILENAME", str(home / "ca.crt"))
    monkeypatch.setattr(pod_api, "NAMESPACE_FILE", home / "namespace")
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    assert opened() == ("https://10.0.0.1:443", "lab")


def test_a_context_that_isn_t_there_is_told(home: Path) -> None:
    configuration(home / ".kube" / "config")
    api = pod_api.PodApi(KubernetesPods(image="x", cpus=1, memory=1, context="fra"))
    with pytest.raises(pod_api.KubernetesError, match=r"can't be asked: .*fra"):
        api.pods("a=b")


def test_a_node_knows_its_pod() -> None:
    job = pod_job.of_process({pod_job.POD: "p"})
    assert job
    assert (job.id, job.seconds_left()) == ("p", None)
    assert pod_job.of_process({}) is None
