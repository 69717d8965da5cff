"""What came from a user's files or from a server is shown as it is, never read as Markdown."""

import re


def plain(text: object) -> str:
    """The text with every sign escaped that Markdown, LaTeX or Streamlit's own directives would act on."""
    return re.sub(r"([\\`*_{}\[\]()#+!$~<>|:&-])", r"\\\1", str(text))
