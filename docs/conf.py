"""The settings of Sphinx for the book. What it includes from the root of the repository is named in the pages."""

from typing import TYPE_CHECKING

from pygments.lexers.special import TextLexer

from stepwell import __version__

if TYPE_CHECKING:
    from sphinx.application import Sphinx

project = "stepwell"
author = "The stepwell authors"
copyright = "2026, the stepwell authors"
version = release = __version__

extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]
nitpicky = True

# The third level of headings can be linked to, as `running.md#exit-codes`.
myst_heading_anchors = 3

html_theme = "furo"
html_title = "stepwell"
html_show_sourcelink = False


def setup(app: "Sphinx") -> None:
    """Show graphs as they are written; GitHub draws them."""
    app.add_lexer("mermaid", TextLexer)
