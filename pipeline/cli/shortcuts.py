"""Options that stand for a workflow, or for one of its parameters."""

from dataclasses import dataclass

AUTO = "auto"  # as config/workflows.py has it, which takes long to load
WORKFLOWS = ("transcribe", "translate", "subtitle")


@dataclass(frozen=True)
class Shortcut:
    """An option that stands for a workflow's parameter."""

    option: str
    parameter: str
    help: str
    short: str | None = None
    metavar: str | None = None
    value: str | None = None  # of the parameter, where the option is given without one
    takes_value: bool = True
    joined: bool = False  # may be repeated; the values are joined with commas
    needs: str | None = None  # the parameter without which it would change nothing
    needs_value: str | None = None  # the value without which it would change nothing; None: any
    instead: str | None = None  # the parameter with which it would change nothing

    @property
    def flag(self) -> str:
        return f"--{self.option}"

    @property
    def is_list(self) -> bool:
        """Whether click gives a list of all values. Else it drops all but the last."""
        return self.takes_value and self.value is None

    @property
    def declared(self) -> list[str]:
        """As click takes them."""
        return [*([self.short] if self.short else []), self.flag, self.parameter]


SHORTCUTS = (
    Shortcut("source-language", "source_language", "The spoken language; default: detect it.", "-s", "CODE"),
    Shortcut(
        "strict-language",
        "strict_language",
        "Refuse a film in which another language is heard than the one that -s says.",
        value="true",
        takes_value=False,
        needs="source_language",
        instead="from_subtitles",
    ),
    Shortcut(
        "target-language",
        "target_languages",
        "Languages to translate into, a track for each; may be repeated: -t es,fr -t de.",
        "-t",
        "CODE",
        joined=True,
    ),
    Shortcut("no-original", "original", "Make only the translations.", value="false", takes_value=False),
    Shortcut(
        "asr",
        "asr",
        "Engine for the recognition: faster-whisper (default), onnx-asr or whisperx; auto takes the best that can work "
        "now.",
        metavar="ENGINE",
        instead="from_subtitles",
    ),
    Shortcut(
        "model",
        "model",
        "Model for the recognition, by its name or its folder; auto takes the best one that is here.",
        metavar="NAME|FOLDER|auto",
        instead="from_subtitles",
    ),
    Shortcut(
        "quality",
        "quality",
        "With --model auto: fast, balanced (default: no longer than the film) or best, however long it takes.",
        metavar="NAME",
        needs="model",
        needs_value=AUTO,
    ),
    Shortcut(
        "within",
        "within",
        "With --model auto: how long the recognition may take, such as 30m.",
        metavar="TIME",
        needs="model",
        needs_value=AUTO,
    ),
    Shortcut(
        "translator",
        "translator",
        "Engine for the translation: auto takes the best that can work now; or whisper, apertium, indictrans2, "
        "madlad, nllb-ct2, nllb.",
        metavar="ENGINE",
        needs="target_languages",
    ),
    Shortcut(
        "translation-model",
        "translation_model",
        "Model for the translation, instead of the engine's own.",
        metavar="NAME|FOLDER",
        needs="target_languages",
    ),
    Shortcut(
        "audio-track",
        "audio_track",
        "Which audio, in a movie with several; default: the main one.",
        metavar="N|CODE",
        instead="from_subtitles",
    ),
    Shortcut(
        "from-subtitles",
        "from_subtitles",
        "Use existing subtitles instead of recognition: a file, a track by number or language; alone, whichever exist.",
        metavar="[FILE|N|CODE]",
        value="auto",
    ),
    Shortcut(
        "recut",
        "keep_cues",
        "With --from-subtitles: cut the text into new cues by the style's rules; without it, cues keep their times.",
        value="false",
        takes_value=False,
        needs="from_subtitles",
    ),
    Shortcut(
        "format",
        "formats",
        "Subtitle files: srt, vtt, ass, ttml, scc, stl, microdvd, txt, karaoke-ass, karaoke-vtt; default: srt,vtt.",
        metavar="NAMES",
        joined=True,
    ),
    Shortcut("style", "style", "Rules for the subtitles: netflix (default) or bbc.", metavar="PROFILE"),
    Shortcut(
        "glossary",
        "glossary",
        "Translations of names and terms: a .csv, .tsv or .yaml file of terms and translations.",
        metavar="FILE",
        needs="target_languages",
    ),
    Shortcut("burn-in", "burn_in", "Also draw the subtitles into the picture.", value="true", takes_value=False),
    Shortcut(
        "diarize",
        "diarize",
        "Tell the speakers apart (WhisperX can).",
        value="true",
        takes_value=False,
        instead="from_subtitles",
    ),
)
