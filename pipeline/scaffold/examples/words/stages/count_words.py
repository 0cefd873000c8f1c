# /// script
# [tool.pipeline.stage]
# environment = "words"
# inputs = ["text"]
# [tool.pipeline.stage.parameters]
# most = 10
# [tool.pipeline.stage.outputs]
# counts = "counts.json"
# ///
"""Count the words of a text, and write the most frequent ones."""

import json
import re
from collections import Counter


def run(stage):
    text = stage.input("text").read_text(encoding="utf-8")
    words = re.findall(r"\w+", text.casefold())
    counts = Counter(words).most_common(stage.parameters["most"])
    stage.output("counts").write_text(json.dumps(dict(counts), indent=2, ensure_ascii=False), encoding="utf-8")
