"""All that a supervisor needs to run a service. It comes as JSON on its standard input, never on a command line."""

from collections.abc import Mapping
from typing import Any

from pipeline.policy import ResourceRequest
from pipeline.services.definition import ServiceDefinition
from pipeline.values import Struct, field

LOCAL = "127.0.0.1"


class ServiceOrder(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """One service. Equal keys mean one process, which all who ask for it share."""

    key: str  # of the service's stage: source, environment, parameters and models
    name: str  # as people know it: the stage's
    project: str  # absolute path
    definition: ServiceDefinition
    python: str  # the interpreter of its environment, absolute
    prefix: str  # that this interpreter must have
    variables: Mapping[str, str]  # all that the program gets, but for those of ports, token and notification
    stage_file: str  # with ``serve(stage)``; of a command, ``sdk/command_stage.py``, as for any command stage
    # The content of ``invocation.json`` (run/invocation_file.py), as plain values. ``service`` is added to it.
    invocation: Mapping[str, Any]
    modules: tuple[str, ...] = ()  # that its file imports by name
    # Digests of its files, by path, as they are in the key: none is started that would be of another source.
    sources: Mapping[str, str] = field(default_factory=dict)
    folder: str = ""  # where it is started; empty for a folder of the supervisor's own, which goes with it
    log: str = ""  # absolute path; empty for one in the service's folder
    lease: str = ""  # a file whose shared lock keeps the environment's build in its place
    resources: ResourceRequest = ResourceRequest()  # granted once, by the run that started it
    host: str = LOCAL  # that its ports are bound to
    fixed_ports: Mapping[str, int] = field(default_factory=dict)  # by name; the others are chosen
    secrets: Mapping[str, str] = field(default_factory=dict)  # parameters that stand in no file, and are in no log
    token: str | None = None  # empty: who asks needs none; ``None``: a new one, which only users of the service get
