"""metaflow: https://docs.metaflow.org/scaling/dependencies/libraries. Run with --environment=pypi, for which Metaflow
fetches micromamba, and an interpreter from conda-forge."""

import json
import os

from metaflow import FlowSpec, pypi, step

INPUTS, OUT = os.environ["INPUTS"], os.environ["OUT"]


class TwoEnvironments(FlowSpec):
    @pypi(python="3.11", packages={"numpy": "1.26.4"})
    @step
    def start(self):
        import numpy as np

        self.numbers = np.loadtxt(f"{INPUTS}/numbers.csv", delimiter=",", ndmin=2).tolist()
        self.next(self.describe)

    @pypi(python="3.11", packages={"numpy": ">=2"})
    @step
    def describe(self):
        import numpy as np

        array = np.array(self.numbers)
        summary = {"numpy": np.__version__, "shape": array.shape, "mean": array.mean(axis=0).tolist()}
        summary["deviation"] = array.std(axis=0).tolist()
        with open(f"{OUT}/summary.json", "w", encoding="utf-8") as file:
            json.dump(summary, file, indent=2)
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    TwoEnvironments()
