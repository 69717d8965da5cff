"""What came from a user's files or from a server is shown as it is, never read as Markdown."""

import re

SIGNS = re.compile(r"([\\`*_{}\[\]()#+!$~<>|:&-])")
# Where an address or an e-mail address would be made a link even if each of its signs is escaped.
LINKED = re.compile(r"(?<=\\:)(?=//)|(?<=www)(?=\.)|(?<=\S)(?=@\S)", re.IGNORECASE)
NOTHING = ":small[]"  # draws nothing, and parts a word in two for whatever looks for addresses


def plain(text: object) -> str:
    """The text with every sign escaped that Markdown, LaTeX or Streamlit's own directives would act on, and without
    links: nobody should be led to where a file, a server or this page's address says."""
    return LINKED.sub(NOTHING, SIGNS.sub(r"\\\1", str(text)))
