# /// script
# [tool.pipeline.stage]
# environment = "text"
# inputs = ["text"]
# [tool.pipeline.stage.outputs]
# paragraphs = "paragraphs.json"
# ///
"""List where the paragraphs of a text begin and end, in characters."""

import json
import re


def run(stage):
    text = stage.input("text").read_text(encoding="utf-8")
    places = [match.span() for match in re.finditer(r"\S.*?(?=\n\s*\n|\s*\Z)", text, re.DOTALL)]
    stage.output("paragraphs").write_text(json.dumps(places))
