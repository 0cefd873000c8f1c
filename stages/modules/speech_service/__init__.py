"""The speech server: HTTP as OpenAI's clients speak it, around the recogniser of the stage ``asr``."""
