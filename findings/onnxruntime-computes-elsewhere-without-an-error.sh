#!/usr/bin/env bash
# ONNX Runtime computes on the CPU without an error where CUDA was asked for, and its errors are no RuntimeError.
#
# A session that names CUDAExecutionProvider alone is made by a build without CUDA, too, or by one that can't load CUDA's
# libraries: there is a warning, and the session computes on the CPU. Only session.get_providers() tells. And the classes
# of its errors (RuntimeException, Fail, InvalidProtobuf) derive from Exception, so that "except RuntimeError", which catches
# what CTranslate2 and PyTorch raise for too little memory, doesn't catch them.
#
# Seen with Python 3.11, onnxruntime 1.32.0, onnx 1.23.2. Exit code 0: as described; 1: something has changed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check "onnxruntime==1.32.0" "onnx==1.23.2"
cat >"$folder/example.py" <<'END'
import warnings

import onnxruntime
from onnx import TensorProto, helper
from onnxruntime.capi import onnxruntime_pybind11_state as classes

value = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in ("before", "after")]
graph = helper.make_graph([helper.make_node("Neg", ["before"], ["after"])], "negative", value[:1], value[1:])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8).SerializeToString()

with warnings.catch_warnings(record=True):
    warnings.simplefilter("always")
    session = onnxruntime.InferenceSession(model, providers=["CUDAExecutionProvider"])
print("asked for CUDA, computes with", session.get_providers())
assert session.get_providers() == ["CPUExecutionProvider"]

for kind in (classes.RuntimeException, classes.Fail, classes.InvalidProtobuf):
    print(kind.__name__, "is a", kind.__mro__[1].__name__)
    assert not issubclass(kind, RuntimeError)
END
"$folder/venv/bin/python" "$folder/example.py"
