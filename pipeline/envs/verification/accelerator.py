"""Was an environment built for this machine's accelerator? Read from its files; no Python is started.

A build for a GPU on a machine without one is no problem: it works there, only on the CPU.

What this can't see: whether a card really computes (probes do); ctranslate2, whose wheels are the same for CPU and
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
class AcceleratorProblem:
    reason: str  # the rest of a sentence that begins with the environment
    repair: str  # a command, or the lines to write


@dataclass(frozen=True)
class PackageFacts:
    """What an environment's packages say of the accelerator that they are for."""

    packages: Mapping[str, str]  # versions by name, as import names are written: jax_cuda12_plugin
    torch: str | None  # the text of torch/version.py


def problem(
    definition: Definition, site_packages: Path, accelerator: str, needs_gpu: bool = True
) -> AcceleratorProblem | None:
    """Why the packages in ``site_packages`` can't use the machine's ``accelerator``, and what helps.

    ``accelerator`` is the value of ``Catalog.accelerator``, such as cu128. ``needs_gpu`` is False where no stage of the
    environment asks for a GPU; then there is no problem.
    """
    reason = mismatch(package_facts(site_packages), accelerator) if needs_gpu else None
    return AcceleratorProblem(reason, repair(definition, accelerator)) if reason else None


def package_facts(site_packages: Path) -> PackageFacts:
    """Reads one folder's names, and at most one file. Raises nothing: what can't be read says nothing."""
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
    return PackageFacts(packages, torch)


def mismatch(facts: PackageFacts, accelerator: str) -> str | None:
    """Why these packages can't use an accelerator; ``None`` where they can, or where they don't say.

    On a Mac (mps) every build of a library can use the GPU.
    """
    if _family(accelerator) not in GPU_KINDS:
        return None
    checks: tuple[Callable[[PackageFacts, str], str | None], ...] = (_torch, _jax, _tensorflow)
    return next((reason for check in checks if (reason := check(facts, accelerator))), None)


def repair(definition: Definition, accelerator: str) -> str:
    """The next step: a build for the GPU where one is defined, else the lines that define one."""
    name = definition.name
    if definition.interpreter is not None:
        return f"install packages for {accelerator} in {definition.interpreter}, which is yours and never changed here"
    if _family(definition.variant) not in GPU_KINDS:
        return _lines_to_write(definition, accelerator)
    if _pins_cpu(definition):
        return (
            f"{definition.locked.name} has packages for the CPU: give {definition.variant} an 'index' in"
            f" config/environments/{name}.yaml, and then\npipeline env lock {name} --upgrade\nbootstrap --env {name}"
        )
    return f"bootstrap --env {name}"


def _lines_to_write(definition: Definition, accelerator: str) -> str:
    name, requirements = definition.name, definition.requirements
    usual = requirements.name if requirements and requirements.suffix == ".txt" else f"{name}.txt"
    return "\n".join(
        (
            f"write into config/environments/{name}.yaml, in place of 'requirements':",
            "  variants:",
            f"    cpu: {{requirements: {usual}}}",
            f"    {accelerator}: {{requirements: {name}-{accelerator}.txt, index: WHERE-ITS-PACKAGES-ARE}}",
            f"write requirements/{name}-{accelerator}.txt, and then",
            f"pipeline env lock {name}",
            f"bootstrap --env {name}",
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


def _torch(facts: PackageFacts, accelerator: str) -> str | None:
    """torch's own file says what it was built for. The suffix of its version (+cu128) is only for people."""
    if facts.torch is None:
        return None
    built = dict(TORCH_VERSION.findall(facts.torch))
    kind = GPU_KINDS[_family(accelerator)]
    if "cuda" not in built or (kind == "xpu" and "intel_extension_for_pytorch" in facts.packages):
        return None
    runtime = built.get(kind, "").strip()
    version = facts.packages.get("torch", "")
    if runtime in NOTHING:
        others = [name for name in GPU_KINDS.values() if built.get(name, "").strip() not in NOTHING]
        build = f"a build for {others[0]}" if others else "a CPU build"
        return f"carries {build} of torch{f' ({version})' if version else ''}, and this machine has {accelerator}"
    if kind == "cuda" and _major(runtime) > _major(f"{accelerator[2:-1]}.{accelerator[-1]}"):
        return f"carries torch for CUDA {runtime}, and this machine's driver runs {accelerator} or older"
    return None


def _jax(facts: PackageFacts, accelerator: str) -> str | None:
    """jax uses a GPU through a plugin. Where torch is there, too, jax may be meant for the CPU."""
    version = facts.packages.get("jaxlib")
    if version is None or facts.torch is not None or "+cuda" in version:
        return None
    if any(JAX_PLUGIN.fullmatch(name) for name in facts.packages):
        return None
    return f"carries jax without a plugin for a GPU (jaxlib {version}), and this machine has {accelerator}"


def _tensorflow(facts: PackageFacts, accelerator: str) -> str | None:
    version = facts.packages.get("tensorflow_cpu")
    return f"carries tensorflow-cpu {version}, and this machine has {accelerator}" if version else None


def _major(version: str) -> int:
    digits = re.match(r"\d+", version)
    return int(digits[0]) if digits else 0
