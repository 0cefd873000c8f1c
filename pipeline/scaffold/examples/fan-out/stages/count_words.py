# /// script
# [tool.pipeline.stage]
# environment = "text"
# inputs = ["text"]
# [tool.pipeline.stage.parameters]
# paragraph = [0, 0]
# [tool.pipeline.stage.outputs]
# counts = "counts.json"
# ///
"""Count the words of one paragraph."""

import json


def run(stage):
    begin, end = stage.parameters["paragraph"]
    paragraph = stage.input("text").read_text(encoding="utf-8")[begin:end]
    counts = {"begins": paragraph[:20], "words": len(paragraph.split())}
    stage.output("counts").write_text(json.dumps(counts))
