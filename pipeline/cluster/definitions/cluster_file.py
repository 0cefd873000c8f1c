"""``config/clusters.yaml``: reading it, with file, line and key for each mistake."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.cluster.definitions import node_folder_template, pod_definition, scheduler_address
from pipeline.cluster.definitions.cluster_definition import (
    ClusterDefinition,
    Deployment,
    KubernetesPods,
    LocalProcesses,
    NodeRange,
    SchedulerAddress,
    SlurmJobs,
    SshHosts,
)
from pipeline.config.source import ConfigurationSource, load_yaml
from pipeline.errors import UsageError, did_you_mean
from pipeline.project import ProjectFolder
from pipeline.sizes import parse_size

FILE = "clusters.yaml"
SCHEMA = "clusters"
LISTING = "pipeline cluster list"
LEAST_POLL = 30.0  # seconds: who asks a batch system more often is asked to stop

COMMON = {"kind", "node_folder", "labels", "licences", "store_limit", "shared", "packages", "start_seconds"}
# What else the definition of a kind may and must say.
MAY: Mapping[str, frozenset[str]] = {
    "local": frozenset({"nodes", "cpus", "memory", "idle_seconds"}),
    "address": frozenset({"address"}),
    "ssh": frozenset({"hosts", "python", "cpus", "memory", "key", "known_hosts", "listen", "idle_seconds"}),
    "slurm": frozenset(
        {"nodes", "cpus", "memory", "python", "queue", "account", "walltime", "gres", "directives", "setup", "listen"}
        | {"drain_seconds", "poll_seconds", "submit_pause", "idle_seconds"}
    ),
    "kubernetes": frozenset(
        {"nodes", "cpus", "memory", "image", "python", "namespace", "context", "pod", "listen", "poll_seconds"}
        | {"idle_seconds"}
    ),
}
MUST: Mapping[str, tuple[str, ...]] = {
    "local": (),
    "address": ("address",),
    "ssh": ("hosts",),
    "slurm": ("nodes", "cpus", "memory"),
    "kubernetes": ("nodes", "cpus", "memory", "image"),
}
SIZES = ("memory", "store_limit")
PLAIN = ("node_folder", "licences", "store_limit", "packages", "idle_seconds", "start_seconds")
LISTS = ("hosts", "directives", "setup")


def load(project: ProjectFolder) -> dict[str, ClusterDefinition]:
    """By name; of two with one name, the project's own. Empty where there is no such file.

    Raises ``ConfigurationError`` with file, line and key.
    """
    files = [layer.config / FILE for layer in reversed(project.layers)]
    sources = [load_yaml(file, project.root, SCHEMA) for file in files if file.is_file()]
    return {name: _definition(source, name, entry) for source in sources for name, entry in source.value.items()}


def named(project: ProjectFolder, name: str) -> ClusterDefinition:
    """The definition with this name, or one for the address of a scheduler that runs already.

    Raises ``UsageError`` where there is none or it may not be used, and as ``load`` does.
    """
    if scheduler_address.is_address(name):
        scheduler_address.require_closed(name)
        return ClusterDefinition(name=name, deployment=SchedulerAddress(name))
    known = load(project)
    if name not in known:
        raise UsageError(f"no cluster '{name}'{did_you_mean(name, list(known))}", LISTING)
    return known[name]


def _definition(source: ConfigurationSource, name: str, entry: Mapping[str, Any]) -> ClusterDefinition:
    kind = entry["kind"]
    _check_keys(source, name, kind, entry)
    values = {key: _plain(source, (name, key), value) for key, value in entry.items()}
    if kind == "kubernetes":
        values.setdefault("node_folder", pod_definition.FOLDER)
    _check_folder(source, name, values)
    own = {key: values.pop(key) for key in list(values) if key in MAY[kind] - {"nodes", "idle_seconds"}}
    return ClusterDefinition(
        name=name,
        deployment=_deployment(source, name, kind, own),
        nodes=_nodes(source, name, kind, entry),
        labels=tuple(f"{key}={value}" for key, value in sorted(entry.get("labels", {}).items())),
        shared=tuple(Path(each) for each in entry.get("shared", ())),
        **{key: values[key] for key in PLAIN if key in values},
    )


def _check_keys(source: ConfigurationSource, name: str, kind: str, entry: Mapping[str, Any]) -> None:
    for key in entry:
        if key not in COMMON | MAY[kind]:
            kinds = " and ".join(each for each in MAY if key in MAY[each])
            raise source.error((name, key), f"'{key}' is for the kind {kinds}, and this cluster is of the kind {kind}")
    for key in MUST[kind]:
        if key not in entry:
            raise source.error((name,), f"'{key}' is missing, which a cluster of the kind {kind} needs")


def _plain(source: ConfigurationSource, keys: tuple[str, str], value: Any) -> Any:
    """A size in bytes, a list as a tuple."""
    if keys[1] in SIZES:
        try:
            return parse_size(value)
        except ValueError as error:
            raise source.error(keys, str(error)) from error
    return tuple(value) if keys[1] in LISTS else value


def _check_folder(source: ConfigurationSource, name: str, values: Mapping[str, Any]) -> None:
    folder = values.get("node_folder")
    if folder is None:
        return
    if words := node_folder_template.problem(folder):
        raise source.error((name, "node_folder"), words)
    for shared in values.get("shared", ()):
        if Path(folder).is_relative_to(shared):
            message = f"it lies in {shared}, which all machines share; each node must have its own, on its own disk"
            raise source.error((name, "node_folder"), message, "use a local disk, such as $TMPDIR")


def _deployment(source: ConfigurationSource, name: str, kind: str, own: dict[str, Any]) -> Deployment:
    match kind:
        case "local":
            return LocalProcesses(**own)
        case "address":
            _check_address(source, name, own["address"])
            return SchedulerAddress(**own)
        case "ssh":
            return SshHosts(**{"python": sys.executable, **own})
        case "kubernetes":
            _check_template(source, name, own.get("pod", {}))
            return KubernetesPods(**own)
    _check_poll(source, name, own)
    return SlurmJobs(**{"python": sys.executable, **own})


def _check_address(source: ConfigurationSource, name: str, address: str) -> None:
    try:
        scheduler_address.require_closed(address)
    except UsageError as error:
        step = (error.next_step or "").replace("NAME", name)
        raise source.error((name, "address"), error.message, step) from error


def _check_template(source: ConfigurationSource, name: str, template: Mapping[str, Any]) -> None:
    for place, words in pod_definition.problems(template):
        raise source.error((name, "pod", *place), words, "leave it out")


def _check_poll(source: ConfigurationSource, name: str, own: Mapping[str, Any]) -> None:
    if own.get("poll_seconds", LEAST_POLL) < LEAST_POLL:
        raise source.error((name, "poll_seconds"), f"a queue is looked at every {LEAST_POLL:.0f} seconds at most")


def _nodes(source: ConfigurationSource, name: str, kind: str, entry: Mapping[str, Any]) -> NodeRange:
    if kind == "ssh":
        return NodeRange(0, len(entry["hosts"]))
    value = entry.get("nodes", 1)
    if isinstance(value, int):
        return NodeRange(value, value) if kind == "local" else NodeRange(0, value)
    found = NodeRange(value.get("min", 0), value["max"])
    if found.least > found.most:
        raise source.error((name, "nodes", "min"), f"it is more than 'max', which is {found.most}")
    return found
