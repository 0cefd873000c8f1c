"""What runs a command stage in its process, in the place of a stage's own file."""

from pathlib import Path

SDK = Path(__file__).parents[1] / "sdk"
RUNNER, WORDS = SDK / "command_stage.py", SDK / "command_words.py"
