"""What an error of a library says about the way of computing, by the words that the libraries have for it."""

from collections.abc import Iterator
from enum import Enum

# CTranslate2: "CUDA failed with error out of memory", "cuBLAS failed with status CUBLAS_STATUS_ALLOC_FAILED".
# ONNX Runtime: "Failed to allocate memory for requested buffer of size 123", "CUDA failure 2: out of memory".
# Both, on the CPU: "std::bad_alloc", which Python's bindings make a MemoryError of.
MEMORY = ("out of memory", "failed to allocate memory", "alloc_failed", "bad_alloc", "cannot allocate memory")
# "Library libcublas.so.12 is not found or cannot be loaded", "CUDA driver version is insufficient for CUDA runtime
# version", "no kernel image is available for execution on the device", "CUDNN_STATUS_NOT_INITIALIZED".
DEVICE = ("cuda", "cublas", "cudnn", "libcu", "libnv", "kernel image", "nvrtc")


class Shortage(Enum):
    MEMORY = "its memory doesn't suffice"  # fewer windows at a time need less
    DEVICE = "it can't be used"  # the GPU, its driver or its libraries


def shortage(error: BaseException, on_gpu: bool) -> Shortage | None:
    """Why the way of computing failed; ``None`` where another way would fail, too."""
    for each in _chain(error):
        text = str(each).lower()
        if isinstance(each, MemoryError) or any(words in text for words in MEMORY):
            return Shortage.MEMORY
        if on_gpu and isinstance(each, RuntimeError | OSError | ValueError) and any(words in text for words in DEVICE):
            return Shortage.DEVICE
    return None


def first_line(error: BaseException) -> str:
    """The words of the library itself."""
    text = str(list(_chain(error))[-1]).strip()
    return text.splitlines()[0][:200] if text else type(error).__name__


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error, and those that it was raised from."""
    each: BaseException | None = error
    while each is not None:
        yield each
        each = each.__cause__
