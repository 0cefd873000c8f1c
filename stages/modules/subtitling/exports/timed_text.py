"""TTML of the profile IMSC 1.1, written with ttconv."""

from collections.abc import Sequence
from xml.etree import ElementTree

from subtitling.cues import Cue
from subtitling.exports.caption_document import document
from subtitling.exports.written_file import ExportOptions, WrittenFile, counted


def ttml(cues: Sequence[Cue], options: ExportOptions) -> WrittenFile:
    """Times are those of a clock, with milliseconds."""
    from ttconv.imsc import writer
    from ttconv.imsc.attributes import TimeExpressionSyntaxEnum
    from ttconv.imsc.config import ContentProfilesSignaling, IMSCWriterConfiguration

    config = IMSCWriterConfiguration(
        time_format=TimeExpressionSyntaxEnum.clock_time, profile_signaling=ContentProfilesSignaling.CONTENT_PROFILES
    )
    tree = writer.from_model(document(cues, options.language), config)
    data = ElementTree.tostring(tree.getroot(), encoding="utf-8", xml_declaration=True)
    return WrittenFile(data + b"\n", counted([cue for cue in cues if cue.speaker], "lost who speaks"))
