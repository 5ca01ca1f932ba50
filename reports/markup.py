"""Text that others wrote, made harmless for XML, Markdown and the commands of GitHub Actions."""

from __future__ import annotations

import re

from fixtures.words import one_line

# XML 1.0 cannot carry these at all, not even as references; containers print them freely.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

# An entity is never taken for the character that makes a link, a table cell or a tag.
_MARKDOWN = re.compile(r"[^\w ,.'-]|_")


def xml_text(text: str) -> str:
    """Return a text with U+FFFD for each character that XML cannot carry; nothing is escaped."""
    return _NOT_XML.sub("\ufffd", text)


def line_of(text: str) -> str:
    """Return a text as one line that moves no cursor."""
    return "".join(c if c.isprintable() else "\ufffd" for c in one_line(text))


def markdown(text: str) -> str:
    """Return a text as one line of Markdown that shows it as it is, in a table as well."""
    return _MARKDOWN.sub(lambda match: f"&#{ord(match[0])};", line_of(text))


def command_data(text: str) -> str:
    """Return a text as the message of a workflow command of GitHub Actions."""
    return line_of(text).replace("%", "%25")


def command_property(text: str) -> str:
    """Return a text as the value of a property of such a command."""
    return command_data(text).replace(":", "%3A").replace(",", "%2C")
