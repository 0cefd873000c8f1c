"""The documentation's site: scripts/docs.sh builds it without a network. Sphinx reads these names."""

import sys
from pathlib import Path

from sphinx.application import Sphinx

sys.path.insert(0, str(Path(__file__).parent))
from reference import PAGES

project = "pipeline"
copyright = "the authors of pipeline"  # noqa: A001  # Sphinx's own name
extensions = ["myst_parser", "sphinx.ext.autodoc"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 4
nitpicky = True
nitpick_ignore_regex = [("py:.*", r".*")]  # types of the library's own inside signatures
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
exclude_patterns = ["_*"]
html_theme = "furo"
html_title = "pipeline"
html_show_sphinx = False
html_copy_source = False


def setup(app: Sphinx) -> None:
    app.connect("source-read", _from_code)


def _from_code(app: Sphinx, name: str, source: list[str]) -> None:  # noqa: ARG001  # Sphinx decides what a callback gets
    """Below a page's title stands what is made from the code."""
    if name in PAGES:
        source[0] = f"{source[0]}\n{PAGES[name]()}"
