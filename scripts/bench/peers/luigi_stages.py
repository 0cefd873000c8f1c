"""luigi: https://luigi.readthedocs.io/en/stable/api/luigi.contrib.external_program.html"""

import os

import luigi
from luigi.contrib.external_program import ExternalProgramTask

PYTHON, SCRIPT, SHAPE = os.environ["PYTHON"], os.environ["SCRIPT"], os.environ["SHAPE"]
INPUT, OUT, COUNT = os.environ["INPUT"], os.environ["OUT"], int(os.environ["COUNT"])


class Input(luigi.ExternalTask):
    def output(self):
        return luigi.LocalTarget(INPUT)


class Stage(ExternalProgramTask):
    number = luigi.IntParameter()

    def requires(self):
        if SHAPE == "files":
            return [Input()]
        return [Stage(number=self.number - 1)] if SHAPE == "chain" and self.number else []

    def output(self):
        return luigi.LocalTarget(f"{OUT}/{self.number}.txt")

    def program_args(self):
        files = [INPUT, self.output().path, self.number] if SHAPE == "files" else []
        return [PYTHON, SCRIPT, *files]

    def run(self):
        super().run()
        if SHAPE != "files":
            with self.output().open("w"):
                pass


class All(luigi.WrapperTask):
    def requires(self):
        return [Stage(number=number) for number in range(COUNT)]
