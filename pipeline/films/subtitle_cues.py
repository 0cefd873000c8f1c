"""The cues of a track as they count now, with times in milliseconds and ids of their own."""

import json

from pipeline.config.catalog import Catalog
from pipeline.films import subtitle_edits
from pipeline.films.subtitle_edits import EditedTrack
from pipeline.jobs.job_editor import JobEditor
from pipeline.project import ProjectFolder
from pipeline.run import single_stage
from pipeline.subtitles import draft_cues
from pipeline.subtitles.draft_cues import DraftCue, in_order

STAGE = "subtitle_cues"


def current(desk: JobEditor, project: ProjectFolder, track: EditedTrack) -> tuple[str, list[DraftCue]]:
    """The digest of the WebVTT file that counts now, and its cues in order. Raises as ``single_stage.run``."""
    output = subtitle_edits.current(desk, track)["vtt"]
    parameters = {**subtitle_edits.rules(desk, track), "language": track.language}
    with single_stage.run(Catalog(project), STAGE, {"subtitles": [output.path]}, parameters) as made:
        told = json.loads(made["cues"].read_bytes())["cues"]
    cues = [draft_cues.of_told(str(number), each) for number, each in enumerate(told, 1)]
    return output.digest, in_order(cues)
