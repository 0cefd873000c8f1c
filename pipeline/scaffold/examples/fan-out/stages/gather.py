# /// script
# [tool.pipeline.stage]
# environment = "text"
# inputs = ["counts"]
# [tool.pipeline.stage.outputs]
# table = "words.csv"
# ///
"""Gather the counts of all paragraphs in one table."""

import csv
import json


def run(stage):
    with stage.output("table").open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, ["begins", "words"])
        table.writeheader()
        table.writerows(json.loads(path.read_text()) for path in stage.inputs("counts"))
