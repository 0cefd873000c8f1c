"""What stages run with, and what keeps watch over them; the loop itself is ``scheduling``."""
