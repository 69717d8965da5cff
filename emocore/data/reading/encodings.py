"""Which encoding the bytes of a file are in, and whether they are text at all."""

import codecs
import io
import re
from collections.abc import Iterator
from typing import TextIO

from charset_normalizer import from_bytes

from emocore.data.reading.record import USUAL_ENCODING
from emocore.data.source import DataFile
from emocore.errors import DataError
from emocore.text import format_bytes

UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
WINDOWS, LATIN = "windows-1252", "cp1252"
LAST_LATIN = "\u024f"
# Cyrillic, Greek, Hebrew, Arabic and Thai.
OTHER_LETTERS = ("cp1251", "koi8_r", "cp1253", "cp1255", "cp1256", "cp874")
SAMPLE_BYTES = 50_000  # of lines with bytes that are not ASCII; enough to recognise a language
# Above this share of characters that are proper UTF-8, the others are mistakes in a file of UTF-8. In the encodings of
# East Asia, some pairs of bytes are proper by chance.
MIXED_SHARE = 0.05
MIXED_SHARES = dict.fromkeys(("cp932", "euc_jp", "gb18030", "big5", "cp949"), 0.5)
WORD = re.compile(r"[^\W\d_]+")
HALF = re.compile(r"[\ud800-\udfff]")  # what cannot be encoded again
LONGEST_LINE = 5_000_000  # bytes; the longest text that a model reads has some ten thousand
PIECE_BYTES = 2**20  # so few that a file is never in memory as a whole text, which takes up to 4 bytes a character


def find_encoding(file: DataFile, wanted: str | None) -> str:
    """UTF-8 if all bytes are, UTF-16 if it is marked, otherwise an encoding of other letters if there are such, and
    Windows-1252 if not. Raises DataError if none fits or several are mixed."""
    if wanted:
        return _check_name(file, wanted)
    if file.content.startswith(UTF16_MARKS):
        return "utf-16"
    try:
        _check_pieces(file.content, USUAL_ENCODING)
    except UnicodeDecodeError as error:
        return _guess_other(file, error)
    return USUAL_ENCODING


def check_text(file: DataFile, encoding: str, longest_line: int | None = LONGEST_LINE) -> None:
    """Raises DataError with the line if the file has a longer line (in bytes), bytes of another encoding, no text, or a
    NUL character."""
    if longest_line:
        _check_lines(file, longest_line)
    lines, nul_line, has_text, has_half = 1, None, False, False
    for text in decode(file, encoding):
        has_text = has_text or text.strip() != ""
        has_half = has_half or (encoding != USUAL_ENCODING and HALF.search(text) is not None)
        if nul_line is None and "\0" in text:
            nul_line = lines + text.count("\n", 0, text.index("\0"))
        lines += text.count("\n")
    if not has_text:
        raise DataError(f"{file.name}: the file is empty; it needs a header line and rows below it")
    if has_half:
        raise DataError(f"{file.name}: as {encoding}, it has halves of characters; name its real encoding")
    if nul_line is not None:
        raise DataError(
            f"{file.name}, line {nul_line}: a NUL character, which no text has; save the file as UTF-8 again"
        )


def decode(file: DataFile, encoding: str) -> Iterator[str]:
    """The text in pieces. Raises DataError where it is in another encoding."""
    try:
        yield from _decode(file.content, _codec(encoding))
    except UnicodeDecodeError as error:
        shown = "UTF-8" if encoding == USUAL_ENCODING else encoding
        raise DataError(
            f"{_place(file, error)}: byte {error.start} is not {shown}; save the file as UTF-8 and try again"
        ) from None
    except UnicodeError:  # of the few encodings that do not say where
        raise DataError(f"{file.name}: the file is not in {encoding}; save it as UTF-8 and try again") from None


def open_lines(file: DataFile, encoding: str, newline: str | None = "") -> TextIO:
    """The text, which is decoded while it is read."""
    return io.TextIOWrapper(io.BytesIO(file.content), encoding=_codec(encoding), newline=newline)


def _decode(content: bytes, codec: str, errors: str = "strict") -> Iterator[str]:
    """The text in pieces. Raises UnicodeDecodeError with the place in the whole content."""
    decoder = codecs.getincrementaldecoder(codec)(errors)
    for start in range(0, len(content), PIECE_BYTES):
        piece = content[start : start + PIECE_BYTES]
        end = start + len(piece)
        try:
            text = decoder.decode(piece, final=end == len(content))
        except UnicodeDecodeError as error:  # its object is the end of what has been read, and so is its place
            before = end - len(error.object)
            raise UnicodeDecodeError(
                error.encoding, content, before + error.start, before + error.end, error.reason
            ) from None
        yield text


def _check_pieces(content: bytes, codec: str) -> None:
    for _ in _decode(content, codec):
        pass


def _codec(encoding: str) -> str:
    return "utf-8-sig" if encoding == USUAL_ENCODING else encoding


def _check_name(file: DataFile, wanted: str) -> str:
    try:
        "".encode(wanted)
        codecs.getincrementaldecoder(wanted)
        found = codecs.lookup(wanted).name
    except (LookupError, ValueError):
        raise DataError(
            f"{file.name}: no encoding of texts has the name {wanted[:40]!r}; utf-8, utf-16 and windows-1252 are some"
        ) from None
    return USUAL_ENCODING if found in ("utf-8", "utf-8-sig", "ascii") else wanted.lower()


def _check_lines(file: DataFile, longest: int) -> None:
    for number, line in enumerate(re.finditer(rb"[^\r\n]+", file.content), start=1):
        if (length := line.end() - line.start()) > longest:
            raise DataError(
                f"{file.name}: of the lines that are not empty, number {number:,} has {format_bytes(length)}, more "
                f"than the {format_bytes(longest)} that are read; begin each row in a line of its own"
            )


def _guess_other(file: DataFile, error: UnicodeDecodeError) -> str:
    wrong = proper = 0
    for text in _decode(file.content, USUAL_ENCODING, "surrogateescape"):
        wrong += len(re.findall(r"[\udc80-\udcff]", text))
        proper += len(re.findall(r"[^\x00-\x7f\udc80-\udcff]", text))
    found = _recognise(file.content) or WINDOWS
    if proper > MIXED_SHARES.get(found, MIXED_SHARE) * wrong:
        raise DataError(
            f"{_place(file, error)}: byte {error.start} is not UTF-8, as other parts of the file are; save the file as "
            "UTF-8 again, or name its encoding if it has only one"
        )
    for encoding in (found, WINDOWS):
        try:
            _check_pieces(file.content, encoding)
        except UnicodeError:
            continue
        return encoding
    raise DataError(
        f"{_place(file, error)}: byte {error.start} is not UTF-8, and no other encoding fits the file; save it as "
        "UTF-8, or name its encoding"
    )


def _recognise(content: bytes) -> str | None:
    """The most likely encoding if its letters are not Latin; None if they are, as the encodings of these are too much
    alike to be told apart."""
    lines, size = [], 0
    for line in re.finditer(rb"[^\r\n]+", content):
        if not line[0].isascii():
            lines.append(line[0])
            size += len(line[0]) + 1
            if size > SAMPLE_BYTES:
                break
    sample = b"\n".join(lines)[:SAMPLE_BYTES]
    whole = sample.rpartition(b"\n")[0] or sample  # a character may be cut at the end
    best = from_bytes(whole, cp_isolation=[LATIN, *OTHER_LETTERS, *MIXED_SHARES]).best()
    if best is None or best.encoding not in (*OTHER_LETTERS, *MIXED_SHARES):
        return None
    words = [word for word in WORD.findall(str(best)) if not word.isascii()]
    others = [word for word in words if min(word) > LAST_LATIN]  # in a wrong encoding, a word has both kinds of letters
    return best.encoding if len(others) * 2 > len(words) else None


def _place(file: DataFile, error: UnicodeDecodeError) -> str:
    line = file.content.count(b"\n", 0, error.start) + 1
    return f"{file.name}, line {line}"
