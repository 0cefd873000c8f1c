# /// script
# [tool.pipeline.stage]
# environment = "numpy2"
# inputs = ["array"]
# [tool.pipeline.stage.outputs]
# summary = "summary.json"
# ///
"""Describe the columns of an array."""

import json

import numpy as np


def run(stage):
    array = np.load(stage.input("array"), allow_pickle=False)
    summary = {
        "numpy": np.__version__,
        "shape": array.shape,
        "mean": array.mean(axis=0).tolist(),
        "deviation": array.std(axis=0).tolist(),
    }
    stage.output("summary").write_text(json.dumps(summary, indent=2))
