"""faster-whisper: a whole file by one call, as its README has it. https://github.com/SYSTRAN/faster-whisper

With ``unprompted``, it doesn't read what it wrote before.
"""

import json
import sys

from faster_whisper import WhisperModel

model, audio, out, *how = sys.argv[1:]
recognizer = WhisperModel(model, device="cpu", compute_type="int8", local_files_only=True)
segments, _ = recognizer.transcribe(
    audio,
    language="en",
    beam_size=5,
    vad_filter=True,
    word_timestamps=True,
    condition_on_previous_text="unprompted" not in how,
)
with open(out, "w") as file:
    json.dump({"segments": [{"text": segment.text} for segment in segments]}, file)
