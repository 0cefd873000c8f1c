"""metaflow: https://docs.metaflow.org/metaflow/basics. Its environments for steps (@pypi, @conda) are made by
micromamba with an interpreter of conda's; so steps make them with uv, and start their interpreters."""

import os
import subprocess

from metaflow import FlowSpec, step

FILES, INPUTS, OUT = os.environ["FILES"], os.environ["INPUTS"], os.environ["OUT"]


def call(*words):
    subprocess.run(words, check=True, cwd=OUT)


class TwoEnvironments(FlowSpec):
    @step
    def start(self):
        self.next(self.first_environment, self.second_environment)

    @step
    def first_environment(self):
        call("bash", f"{FILES}/make_environment.sh", "env1", f"{INPUTS}/requirements/numpy1.txt")
        call("env1/bin/python", f"{FILES}/read_numbers.py", f"{INPUTS}/numbers.csv", "numbers.npy")
        self.next(self.describe)

    @step
    def second_environment(self):
        call("bash", f"{FILES}/make_environment.sh", "env2", f"{INPUTS}/requirements/numpy2.txt")
        self.next(self.describe)

    @step
    def describe(self, inputs):  # noqa: ARG002  # a step that joins gets them
        call("env2/bin/python", f"{FILES}/describe.py", "numbers.npy", "summary.json")
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    TwoEnvironments()
