import json
import sys

import numpy as np

array = np.load(sys.argv[1], allow_pickle=False)
summary = {
    "numpy": np.__version__,
    "shape": array.shape,
    "mean": array.mean(axis=0).tolist(),
    "deviation": array.std(axis=0).tolist(),
}
with open(sys.argv[2], "w", encoding="utf-8") as file:
    json.dump(summary, file, indent=2)
