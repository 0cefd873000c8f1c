"""Builds for another accelerator than the machine's, told from their files."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.envs.definition import Definition
from pipeline.envs.verification.accelerator import PackageFacts, mismatch, package_facts, problem

DEFINITION = Definition("speech", ">=3.11", None, requirements=Path("requirements/speech.txt"))


def torch(cuda: str = "None", hip: str = "None", xpu: str = "None") -> str:
    """As torch/version.py is written by its publisher."""
    return (
        "from typing import Optional\n\n__all__ = ['__version__', 'debug', 'cuda', 'git_version', 'hip', 'xpu']\n"
        f"__version__ = '2.9.0'\ndebug = False\ncuda: Optional[str] = {cuda}\ngit_version = 'abc'\n"
        f"hip: Optional[str] = {hip}\nxpu: Optional[str] = {xpu}\n"
    )


def installed(folder: Path, text: str | None, *names: str) -> Path:
    """A site-packages folder."""
    for name in names:
        (folder / name).mkdir(parents=True)
    if text is not None:
        (folder / "torch").mkdir(parents=True)
        (folder / "torch/version.py").write_text(text)
    return folder


CPU_TORCH = "carries a CPU build of torch (2.9.0+cpu), and this machine has {}"


@pytest.mark.parametrize("accelerator", ["cu128", "rocm6.2", "xpu"])
def test_a_cpu_build_of_torch_beside_a_gpu_is_a_fault(tmp_path: Path, accelerator: str) -> None:
    found = problem(DEFINITION, installed(tmp_path, torch(), "torch-2.9.0+cpu.dist-info"), accelerator)
    assert found is not None
    assert found.reason == CPU_TORCH.format(accelerator)


@pytest.mark.parametrize(
    ("text", "accelerator"),
    [
        (torch(), "cpu"),
        (torch(), "mps"),
        (torch(cuda="'12.8'"), "cpu"),
        (torch(cuda="'12.8'"), "cu128"),
        (torch(cuda="'12.8'"), "cu124"),
        (torch(cuda="'11.8'"), "cu130"),
        (torch(hip="'6.2.41133'"), "rocm6.2"),
        (torch(xpu="'20250201'"), "xpu"),
        ("cuda = '10.2'\n", "cu118"),
        ("", "cu128"),
        ("import secret\n", "cu128"),
        (None, "cu128"),
    ],
)
def test_what_fits_or_says_nothing_is_no_fault(text: str | None, accelerator: str) -> None:
    assert mismatch(PackageFacts({"torch": "2.9.0"}, text), accelerator) is None


@pytest.mark.parametrize(
    ("text", "accelerator", "reason"),
    [
        (torch(cuda="'12.8'"), "rocm6.2", "carries a build for cuda of torch (2.9.0), and this machine has rocm6.2"),
        (torch(hip="'6.2'"), "cu128", "carries a build for hip of torch (2.9.0), and this machine has cu128"),
        (torch(cuda="'13.0'"), "cu128", "carries torch for CUDA 13.0, and this machine's driver runs cu128 or older"),
        ("cuda = None\r\n", "cu118", "carries a CPU build of torch (2.9.0), and this machine has cu118"),
    ],
)
def test_what_can_not_use_the_gpu_is_told(text: str, accelerator: str, reason: str) -> None:
    assert mismatch(PackageFacts({"torch": "2.9.0"}, text), accelerator) == reason


def test_an_extension_may_bring_intels_cards_to_a_torch_that_knows_none() -> None:
    assert mismatch(PackageFacts({"intel_extension_for_pytorch": "2.5"}, torch()), "xpu") is None


def test_jax_without_a_plugin_is_a_fault_and_with_one_is_none(tmp_path: Path) -> None:
    alone = installed(tmp_path / "alone", None, "jax-0.6.0.dist-info", "jaxlib-0.6.0.dist-info")
    found = problem(DEFINITION, alone, "cu128")
    assert found is not None
    assert "jaxlib 0.6.0" in found.reason
    plugged = installed(tmp_path / "plugged", None, "jaxlib-0.6.0.dist-info", "jax_cuda12_plugin-0.6.0.dist-info")
    assert problem(DEFINITION, plugged, "cu128") is None


def test_jax_beside_a_torch_that_uses_the_gpu_may_be_meant_for_the_cpu() -> None:
    assert mismatch(PackageFacts({"jaxlib": "0.6.0"}, torch(cuda="'12.8'")), "cu128") is None


def test_tensorflow_for_the_cpu_says_so_by_its_name() -> None:
    reason = mismatch(PackageFacts({"tensorflow_cpu": "2.19.0"}, None), "cu128")
    assert re.search(r"tensorflow-cpu 2\.19\.0.*cu128", str(reason))


def test_small_models_that_run_on_the_cpu_on_purpose_are_no_fault() -> None:
    assert mismatch(PackageFacts({"onnxruntime": "1.22.0", "ctranslate2": "4.6.0"}, None), "cu128") is None


def test_where_no_stage_asks_for_a_gpu_nothing_is_wrong(tmp_path: Path) -> None:
    assert problem(DEFINITION, installed(tmp_path, torch()), "cu128", needs_gpu=False) is None


def test_a_folder_that_is_not_there_says_nothing(tmp_path: Path) -> None:
    assert problem(DEFINITION, tmp_path / "nowhere", "cu128") is None


def test_a_conda_package_s_name_is_read_as_well(tmp_path: Path) -> None:
    found = package_facts(
        installed(tmp_path, None, "torch-2.5.1-py3.11.egg-info", "odd.dist-info", "jax_cuda12.x-1.dist-info")
    )
    assert found.packages == {"torch": "2.5.1", "jax_cuda12_x": "1"}


def repaired(folder: Path, definition: Definition) -> str:
    found = problem(definition, installed(folder / "site-packages", torch()), "cu128")
    assert found is not None
    return found.repair


def test_without_a_variant_for_the_gpu_the_lines_to_write_are_told(tmp_path: Path) -> None:
    told = repaired(tmp_path, DEFINITION)
    assert "config/environments/speech.yaml" in told
    assert "  variants:\n    cpu: {requirements: speech.txt}\n    cu128: {requirements: speech-cu128.txt" in told
    assert told.splitlines()[-3:-1] == ["pipeline env lock speech", "bootstrap --env speech"]
    assert "'accelerator: cpu'" in told


def test_a_build_from_before_its_variant_is_built_again(tmp_path: Path) -> None:
    lock = tmp_path / "speech-cu128.lock"
    lock.write_text("torch==2.9.0+cu128 \\\n    --hash=sha256:0\n")
    assert repaired(tmp_path, replace(DEFINITION, variant="cu128", lock=lock)) == "bootstrap --env speech"


def test_a_lock_for_the_gpu_that_pins_a_cpu_build_is_told(tmp_path: Path) -> None:
    lock = tmp_path / "speech-cu128.lock"
    lock.write_text("numpy==2.0\ntorch==2.9.0+cpu ; sys_platform == 'linux' \\\n    --hash=sha256:0\n")
    told = repaired(tmp_path, replace(DEFINITION, variant="cu128", lock=lock))
    assert told.startswith("speech-cu128.lock ")
    assert told.splitlines()[-2:] == ["pipeline env lock speech --upgrade", "bootstrap --env speech"]


def test_an_external_environment_is_theirs_to_change(tmp_path: Path) -> None:
    told = repaired(tmp_path, replace(DEFINITION, requirements=None, interpreter=Path("/opt/speech")))
    assert "/opt/speech" in told
    assert "cu128" in told
