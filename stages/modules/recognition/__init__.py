"""What the stages that recognise speech share: where speech is, how it is cut, what of the text to doubt, and its form.

All times are seconds from the start of the audio. Of the modules here, ``models``, ``whisper`` and ``speech_to_text``
alone need libraries.
"""
