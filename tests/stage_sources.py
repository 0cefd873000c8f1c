"""Source of stages for tests that write their own."""

# Of a stage that takes and makes nothing.
HEAD = '# /// script\n# [tool.pipeline.stage]\n# environment = "alpha"\n# ///\n'

REPORTING = """\
# /// script
# [tool.pipeline.stage]
# environment = "alpha"
# inputs = ["file"]
# SETTINGS
# [tool.pipeline.stage.outputs]
# report = "report.json"
# ///
import json, os

def attempted(act):
    try:
        act()
    except OSError as error:
        return error.strerror
    return "done"

CODE

def run(stage):
    stage.output("report").write_text(json.dumps(report(stage, stage.input("file"))))
"""


def reporting_stage(code: str, *settings: str) -> str:
    """A stage whose output ``report`` is what ``report(stage, source)`` in the code gives for its input ``file``.

    The code may use ``attempted``. ``settings``: further lines of the stage's block.
    """
    return REPORTING.replace("# SETTINGS", "\n".join(f"# {line}" for line in settings)).replace("CODE", code.strip())
