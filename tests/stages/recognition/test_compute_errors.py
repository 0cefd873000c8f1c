"""The errors of the real libraries, in their own words."""

import pytest
from recognition.compute_errors import Shortage, first_line, shortage


class RuntimeException(Exception):
    """As onnxruntime.capi.onnxruntime_pybind11_state.RuntimeException: no ``RuntimeError``."""


ALLOCATION = (
    "[ONNXRuntimeError] : 6 : RUNTIME_EXCEPTION : Non-zero status code returned while running MatMul node. "
    "bfc_arena.cc:376 void* AllocateRawInternal(size_t, bool) Failed to allocate memory for requested buffer of size 9"
)


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("CUDA failed with error out of memory"),
        RuntimeError("cuBLAS failed with status CUBLAS_STATUS_ALLOC_FAILED"),
        RuntimeException(ALLOCATION),
        RuntimeException("[ONNXRuntimeError] : 1 : FAIL : CUDA failure 2: out of memory ; GPU=0"),
        MemoryError(),
        RuntimeError("std::bad_alloc"),
    ],
)
@pytest.mark.parametrize("on_gpu", [True, False])
def test_too_little_memory_is_known_by_its_words(error: Exception, on_gpu: bool) -> None:
    assert shortage(error, on_gpu) is Shortage.MEMORY


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("Library libcublas.so.12 is not found or cannot be loaded"),
        RuntimeError("CUDA failed with error CUDA driver version is insufficient for CUDA runtime version"),
        RuntimeError("CUDA failed with error no kernel image is available for execution on the device"),
        ValueError("Requested float16 compute type, but the target device or backend (CUDA) does not support it."),
        RuntimeException("[ONNXRuntimeError] : 1 : FAIL : CUDA failure 100: no CUDA-capable device is detected"),
        OSError("libcudnn.so.9: cannot open shared object file: No such file or directory"),
    ],
)
def test_a_gpu_that_cannot_be_used_is_known_by_its_words(error: Exception) -> None:
    assert shortage(error, on_gpu=True) is Shortage.DEVICE
    assert shortage(error, on_gpu=False) is None


@pytest.mark.parametrize(
    "error", [RuntimeError("File model.bin is incomplete: failed to read a buffer"), ValueError("no")]
)
def test_what_fails_everywhere_is_no_shortage(error: Exception) -> None:
    assert shortage(error, on_gpu=True) is None


def test_the_error_from_which_another_was_raised_counts() -> None:
    error = LookupError("the model can't be loaded")
    error.__cause__ = RuntimeError("CUDA failed with error out of memory\nmore")
    assert shortage(error, on_gpu=True) is Shortage.MEMORY
    assert first_line(error) == "CUDA failed with error out of memory"


def test_an_error_without_words_has_its_class() -> None:
    assert first_line(MemoryError()) == "MemoryError"
