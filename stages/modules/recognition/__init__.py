"""Speech recognition: where speech is, the windows it is cut into, which text to trust, and the transcript's form.

All times are seconds from the start of the audio. Only ``models``, ``whisper`` and ``speech_to_text`` need libraries.
"""
