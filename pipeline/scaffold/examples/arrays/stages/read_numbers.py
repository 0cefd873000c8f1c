# /// script
# [tool.pipeline.stage]
# environment = "numpy1"
# inputs = ["table"]
# [tool.pipeline.stage.outputs]
# array = "numbers.npy"
# ///
"""Read a table of numbers into an array."""

import numpy as np


def run(stage):
    table = np.loadtxt(stage.input("table"), delimiter=",", ndmin=2)
    np.save(stage.output("array"), table, allow_pickle=False)  # every numpy can read this
