"""The variables that steer how packages are built from source. They are part of a build's key and of uv's own cache.

All that a definition sets counts. Of the caller's variables, those count that compilers and build systems are known to
read: uv gives all of them to a build, and none is part of what it caches the result by. Pure.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.envs.definition import Definition

STEERING = {
    "AR",
    "ARCHFLAGS",
    "CC",
    "CFLAGS",
    "CPATH",
    "CPPFLAGS",
    "CUDAARCHS",
    "CUDA_HOME",
    "CUDA_PATH",
    "CXX",
    "CXXFLAGS",
    "C_INCLUDE_PATH",
    "CPLUS_INCLUDE_PATH",
    "DISTUTILS_USE_SDK",
    "FC",
    "FFLAGS",
    "FORCE_CMAKE",
    "FORCE_CUDA",
    "HIP_PATH",
    "LD",
    "LDFLAGS",
    "LDSHARED",
    "LIBRARY_PATH",
    "MACOSX_DEPLOYMENT_TARGET",
    "NVCC_APPEND_FLAGS",
    "NVCC_PREPEND_FLAGS",
    "PKG_CONFIG_PATH",
    "PYTORCH_ROCM_ARCH",
    "ROCM_PATH",
    "RUSTFLAGS",
    "TORCH_CUDA_ARCH_LIST",
}
PREFIXES = ("CARGO_BUILD_", "CMAKE_", "FLASH_ATTENTION_", "GGML_", "MESON_", "NPY_", "SETUPTOOLS_", "SKBUILD_")


def of_caller(base: Mapping[str, str]) -> dict[str, str]:
    """The caller's variables that steer builds, in alphabetical order."""
    return {name: base[name] for name in sorted(base) if name in STEERING or name.startswith(PREFIXES)}


def of_definition(definition: "Definition", own: Mapping[str, str]) -> dict[str, str]:
    """Those that the definition sets, with the values in ``own``, whose placeholders are filled."""
    return {name: own.get(name, template) for name, template in definition.variables}
