"""Libraries in an environment's packages."""

import shutil
from pathlib import Path

import pytest
from recognition import cuda_libraries


def test_a_library_is_loaded_from_where_the_packages_have_it(tmp_path: Path) -> None:
    real = Path("/proc/self/maps")
    if not real.is_file():
        pytest.skip("only where a process can see what it has loaded")
    source = next((line.split()[-1] for line in real.read_text().splitlines() if "libm.so" in line), None)
    if source is None:
        pytest.skip("this Python has no library of its own to copy")
    (tmp_path / "cublas/lib").mkdir(parents=True)
    copy = tmp_path / "cublas/lib/libcublas.so.12"
    shutil.copyfile(source, copy)
    assert cuda_libraries.load(cuda_libraries.CUBLAS, [tmp_path]) == [copy]
    assert str(copy) in real.read_text()


def test_a_file_that_is_no_library_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "cublas/lib").mkdir(parents=True)
    (tmp_path / "cublas/lib/libcublas.so.12").write_text("nothing")
    assert cuda_libraries.load(cuda_libraries.CUBLAS, [tmp_path]) == []


def test_without_the_packages_nothing_is_loaded() -> None:
    assert cuda_libraries.load(cuda_libraries.CUBLAS) == []
