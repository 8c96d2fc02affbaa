"""The SAX parser that feedparser is given: it looks whether a document is well-formed before anything is made of it.

feedparser begins to parse every document strictly, and throws that away where it turns out to be ill-formed, to parse
it loosely. expat alone sees that in a two-hundredth of the time. It is the same expat, asked for the same things, so
that what fails here fails there; ``create_parser`` is what xml.sax.make_parser looks for in a module.
"""

from __future__ import annotations

from typing import Any
from xml.parsers import expat
from xml.sax import SAXParseException
from xml.sax.expatreader import ExpatLocator, ExpatParser


class _CheckingParser(ExpatParser):
    def parse(self, source: Any) -> None:
        """Like ExpatParser's, for a source with a byte stream in memory."""
        stream = source.getByteStream()
        bare = expat.ParserCreate(source.getEncoding(), namespace_separator=" ")
        bare.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_UNLESS_STANDALONE)
        bare.ExternalEntityRefHandler = lambda *_: 1
        try:
            bare.ParseFile(stream)
        except expat.ExpatError as e:
            raise SAXParseException(expat.ErrorString(e.code), e, ExpatLocator(self)) from None
        stream.seek(0)
        super().parse(source)


def create_parser() -> ExpatParser:
    return _CheckingParser()
