"""What an error of a library says about the way of computing, by the words that the libraries have for it."""

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
    cause = _cause(error)
    text = str(cause).lower()
    if isinstance(cause, MemoryError) or any(words in text for words in MEMORY):
        return Shortage.MEMORY
    return Shortage.DEVICE if on_gpu and any(words in text for words in DEVICE) else None


def first_line(error: BaseException) -> str:
    """The words of the library itself."""
    text = str(_cause(error)).strip()
    return text.splitlines()[0][:200] if text else type(_cause(error)).__name__


def _cause(error: BaseException) -> BaseException:
    """What the error was first raised from. The classes of the libraries' errors have no common root."""
    return error if error.__cause__ is None else _cause(error.__cause__)
