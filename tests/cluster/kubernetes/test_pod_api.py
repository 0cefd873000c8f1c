"""Where the API of Kubernetes is looked for, and which namespace is used there."""

from pathlib import Path

import pytest
import yaml

from pipeline.cluster.definitions.cluster_definition import KubernetesPods
from pipeline.cluster.definitions.pod_definition import POD
from pipeline.cluster.kubernetes import api_client, pod_job
from pipeline.cluster.kubernetes.errors import KubernetesError


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("KUBECONFIG", "KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def opened(**more: str) -> tuple[str, str]:
    """Address and namespace."""
    client = api_client.open_client(KubernetesPods(image="x", cpus=1, memory=1, **more))  # type: ignore[arg-type]
    return client.core.api_client.configuration.host, client.namespace


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
    monkeypatch.setattr(api_client, "NAMESPACE_FILE", home / "namespace")
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    assert opened() == ("https://10.0.0.1:443", "lab")


@pytest.mark.parametrize("current", ["", "gone"])
def test_a_context_that_is_named_needs_no_current_one(home: Path, current: str) -> None:
    file = home / ".kube" / "config"
    configuration(file)
    file.write_text(file.read_text().replace("current-context: near", f"current-context: {current}"))
    assert opened(context="far") == ("https://far:6443", "films")


@pytest.mark.parametrize("text", ["", "a: [", "[]", "5", "\0", "clusters: 5\ncurrent-context: near\ncontexts: x"])
def test_a_configuration_that_is_none_is_told_with_its_file(home: Path, text: str) -> None:
    (home / ".kube").mkdir()
    (home / ".kube" / "config").write_text(text)
    with pytest.raises(KubernetesError, match=r"Kubernetes can't be found: ~/\.kube/config: "):
        opened()


def test_a_context_that_isn_t_there_is_told(home: Path) -> None:
    configuration(home / ".kube" / "config")
    with pytest.raises(KubernetesError, match=r"can't be found: .*fra"):
        opened(context="fra")


def test_a_variable_that_names_nothing_is_told(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(KubernetesError, match=r"there is no ~/\.kube/config, and this is no pod"):
        opened()
    monkeypatch.setenv("KUBECONFIG", str(home))
    with pytest.raises(KubernetesError, match=r"there is no file .*, which KUBECONFIG names"):
        opened()


def test_what_a_program_that_logs_in_says_is_told_and_not_written_to_the_terminal(
    home: Path, capfd: pytest.CaptureFixture[str], spawning: None
) -> None:
    file = home / ".kube" / "config"
    configuration(file)
    login = {"apiVersion": "client.authentication.k8s.io/v1", "command": "sh", "interactiveMode": "Never"}
    login["args"] = ["-c", "echo please log in >&2; exit 3"]  # type: ignore[assignment]
    config = yaml.safe_load(file.read_text())
    config["users"][0]["user"] = {"exec": login}
    file.write_text(yaml.safe_dump(config))
    with pytest.raises(KubernetesError, match="please log in") as caught:
        opened()
    assert caught.value.is_passing
    assert capfd.readouterr().err == ""


def test_a_node_knows_its_pod() -> None:
    job = pod_job.of_process({POD: "p"})
    assert job
    assert (job.id, job.seconds_left()) == ("p", None)
    assert pod_job.of_process({}) is None
