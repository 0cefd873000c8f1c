"""What runs in a calculator's environment, which loads these files by their paths; see ``calculation.py``."""

from pathlib import Path

HOST = Path(__file__).with_name("calculation.py")
