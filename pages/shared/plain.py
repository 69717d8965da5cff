"""Text from a user's files or from a server is shown as it is, never read as Markdown."""

import re

SIGNS = re.compile(r"([\\`*_{}\[\]()#+!$~<>|:&-])")
# Places where Streamlit would make a web or e-mail address a link even if each character is escaped.
LINKED = re.compile(r"(?<=\\:)(?=//)|(?<=www)(?=\.)|(?<=\S)(?=@\S)", re.IGNORECASE)
NOTHING = ":small[]"  # draws nothing, but splits a word so that it is not recognised as an address


def plain(text: object) -> str:
    """The text with every character escaped that Markdown, LaTeX or Streamlit's directives would act on, and without
    links, because files, servers and page addresses are not trusted to name a link's target."""
    return LINKED.sub(NOTHING, SIGNS.sub(r"\\\1", str(text)))
