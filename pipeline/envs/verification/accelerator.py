"""Was an environment built for the hardware that is here? Read from its files; no Python is started.

A build for a GPU on a machine without one is no fault: it works there, only on the CPU.

What it can't see: whether a card really computes (probes do); ctranslate2, whose wheels are the same for CPU and
CUDA and look for cuBLAS and cuDNN when they are used; and onnxruntime's build for the CPU, which many packages bring
for small models that are meant to run there.
"""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.envs.definition import Definition

TORCH_VERSION = re.compile(r"^(cuda|hip|xpu)\b[^=\n]*=\s*['\"]?([^'\"\n]*)", re.MULTILINE)
GPU_KINDS = {"cu": "cuda", "rocm": "hip", "xpu": "xpu"}  # accelerator to its line in torch/version.py
JAX_PLUGIN = re.compile(r"jax_(cuda|rocm)\d*_(plugin|pjrt)")
NOTHING = ("None", "")


@dataclass(frozen=True)
class Fault:
    reason: str  # the rest of a sentence that begins with the environment
    repair: str  # a command, or what to write


@dataclass(frozen=True)
class Carried:
    """What an environment's packages say of themselves."""

    packages: Mapping[str, str]  # versions by name, as import names are written: jax_cuda12_plugin
    torch: str | None  # the text of torch/version.py


def fault(definition: Definition, site_packages: Path, accelerator: str, gpu_wanted: bool = True) -> Fault | None:
    """Why what stands in ``site_packages`` can't use the machine's ``accelerator``, and what helps.

    ``accelerator`` is what ``Catalog.accelerator`` says; ``gpu_wanted`` is for a caller who knows that no stage of the
    environment asks for a GPU.
    """
    reason = unsuited(carried(site_packages), accelerator) if gpu_wanted else None
    return Fault(reason, repair(definition, accelerator)) if reason else None


def carried(site_packages: Path) -> Carried:
    """Reads one folder's names, and at most one file."""
    try:
        names = [name for name in os.listdir(site_packages) if name.endswith((".dist-info", ".egg-info"))]
    except OSError:
        names = []
    pairs = (name.rsplit(".", 1)[0].split("-") for name in names)  # of an .egg-info, more than the version follows
    packages = {pair[0].lower().replace(".", "_"): pair[1] for pair in pairs if len(pair) > 1}
    try:
        torch = (site_packages / "torch/version.py").read_text(encoding="utf-8", errors="replace")
    except OSError:
        torch = None
    return Carried(packages, torch)


def unsuited(found: Carried, accelerator: str) -> str | None:
    """Why these packages can't use an accelerator; ``None`` where they can, or where they don't say.

    On a Mac (mps) each build of a library uses what is there.
    """
    if _family(accelerator) not in GPU_KINDS:
        return None
    looks: tuple[Callable[[Carried, str], str | None], ...] = (_torch, _jax, _tensorflow)
    return next((reason for look in looks if (reason := look(found, accelerator))), None)


def repair(definition: Definition, accelerator: str) -> str:
    """The next step: a build for the GPU where one is defined, else what to write so that one is."""
    name = definition.name
    if definition.interpreter is not None:
        return f"install packages for {accelerator} in {definition.interpreter}, which is yours and never changed here"
    if _family(definition.variant) not in GPU_KINDS:
        return _lines(definition, accelerator)
    if _pins_cpu(definition):
        return (
            f"{definition.locked.name} pins builds for the CPU: give {definition.variant} an 'index' in"
            f" config/environments/{name}.yaml, then pipeline env lock {name} --upgrade && bootstrap --env {name}"
        )
    return f"bootstrap --env {name}"


def _lines(definition: Definition, accelerator: str) -> str:
    name, asked = definition.name, definition.requirements
    usual = asked.name if asked and asked.suffix == ".txt" else f"{name}.txt"
    return "\n".join(
        (
            f"write into config/environments/{name}.yaml, in place of 'requirements':",
            "  variants:",
            f"    cpu: {{requirements: {usual}}}",
            f"    {accelerator}: {{requirements: {name}-{accelerator}.txt, index: WHERE-ITS-PACKAGES-ARE}}",
            f"write requirements/{name}-{accelerator}.txt, then: pipeline env lock {name} && bootstrap --env {name}",
            "or, to stay with the CPU, write 'accelerator: cpu' into config/pipeline.yaml",
        )
    )


def _pins_cpu(definition: Definition) -> bool:
    try:
        return re.search(rb"^torch==\S*\+cpu\b", definition.locked.read_bytes(), re.MULTILINE) is not None
    except OSError:
        return False


def _family(accelerator: str) -> str:
    return accelerator.rstrip("0123456789.")


def _torch(found: Carried, accelerator: str) -> str | None:
    """torch says in a file of its own what it was built for; what its version says beside it is for people."""
    if found.torch is None:
        return None
    built = dict(TORCH_VERSION.findall(found.torch))
    kind = GPU_KINDS[_family(accelerator)]
    if "cuda" not in built or (kind == "xpu" and "intel_extension_for_pytorch" in found.packages):
        return None
    runtime = built.get(kind, "").strip()
    version = found.packages.get("torch", "")
    if runtime in NOTHING:
        others = [name for name in GPU_KINDS.values() if built.get(name, "").strip() not in NOTHING]
        build = f"a build for {others[0]}" if others else "a CPU build"
        return f"carries {build} of torch{f' ({version})' if version else ''}, and this machine has {accelerator}"
    if kind == "cuda" and _major(runtime) > _major(f"{accelerator[2:-1]}.{accelerator[-1]}"):
        return f"carries torch for CUDA {runtime}, and this machine's driver runs {accelerator} or older"
    return None


def _jax(found: Carried, accelerator: str) -> str | None:
    """jax gets at a GPU through a plugin. Beside a torch that does, it may be meant for the CPU."""
    version = found.packages.get("jaxlib")
    if version is None or found.torch is not None or "+cuda" in version:
        return None
    if any(JAX_PLUGIN.fullmatch(name) for name in found.packages):
        return None
    return f"carries jax without a plugin for a GPU (jaxlib {version}), and this machine has {accelerator}"


def _tensorflow(found: Carried, accelerator: str) -> str | None:
    version = found.packages.get("tensorflow_cpu")
    return f"carries tensorflow-cpu {version}, and this machine has {accelerator}" if version else None


def _major(version: str) -> int:
    digits = re.match(r"\d+", version)
    return int(digits[0]) if digits else 0
