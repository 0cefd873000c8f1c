#!/usr/bin/env bash
# An array that is made of a memoryview doesn't keep that memoryview, but another one, or the object behind it.
#
# numpy.frombuffer(view) and numpy.ndarray(shape, buffer=view) let go of the view. So a weakref.finalize on the view, by which an arena would
# learn that a part of its memory is free again, fires while the array still reads that memory, and the next owner writes into the array.
# What stays alive with the array is the object that the view was taken of (an mmap, a bytearray): array.base is a new memoryview of it with
# numpy.frombuffer, and the object itself with numpy.ndarray. A weak reference has to be on an object of
# one's own that exports the buffer, or on the array.
#
# Seen with numpy 1.26.4 and 2.4.6. Exit code 0: as described; 1: something has changed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
python="$folder/venv/bin/python"
for version in 1.26.4 2.4.6; do
    "$python" -m pip install --quiet --disable-pip-version-check "numpy==$version"
    "$python" - <<'PYTHON'
import mmap
import sys
import weakref

import numpy

arena = mmap.mmap(-1, 4096)
freed = []
for make in (lambda view: numpy.frombuffer(view, "u1"), lambda view: numpy.ndarray((8,), "u1", buffer=view)):
    view = memoryview(arena)[:8]
    weakref.finalize(view, freed.append, "the view is gone")
    array = make(view)
    array[:] = 1
    del view
    arena[:8] = b"\x02" * 8  # the next owner of this part
    print("numpy", numpy.__version__, freed[-1:], "the array has", array[0], "and its base is", type(array.base).__name__, file=sys.stdout)
    if not freed or array[0] != 2:
        sys.exit("an array keeps its memoryview now")
    freed.clear()
    del array
PYTHON
done
