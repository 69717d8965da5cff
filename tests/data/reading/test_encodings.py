"""An encoding is found by its bytes; what is not UTF-8 is said, and a named one is taken."""

import pytest

from emocore.data.reading import encodings
from emocore.data.reading.encodings import SAMPLE_BYTES, find_encoding
from emocore.data.reading.record import note_reading
from emocore.data.source import DataFile
from emocore.errors import DataError
from tests.support.forms import read_form

LATIN = [
    "Das ist schön, Nr. 1\nÜberraschung",
    "Größe café naïve",
    "ça va à l’école",
    "¿qué pasa mañana?",
    "på ön",
    "“fine”",
]
OTHERS = {
    "cp1251": "Привет, мир номер один\nКак дела сегодня",
    "koi8_r": "Привет, мир номер один. Как дела сегодня? Я так счастлив, что ты наконец пришел",
    "cp1253": "Είμαι πολύ χαρούμενος σήμερα",
    "cp1256": "أنا سعيد جدا اليوم",
    "cp932": "今日はとても嬉しいです。そして少し悲しい",
    "gb18030": "今天我很高兴,也有一点难过",
    "cp949": "오늘은 정말 행복해요, 조금 슬프기도 해요",
}


def find(content: bytes) -> str:
    return find_encoding(DataFile("a.csv", content), None)


@pytest.mark.parametrize("text", LATIN)
@pytest.mark.parametrize("copies", [1, 20])
def test_latin_letters_that_are_not_utf_8_are_windows_1252(text: str, copies: int) -> None:
    assert find(f"{text}\n".encode("cp1252") * copies) == "windows-1252"
    assert find(f"{text}\n".encode() * copies) == "utf-8"


@pytest.mark.parametrize("encoding", OTHERS)
def test_other_letters_are_recognised_however_many_lines_there_are(encoding: str) -> None:
    line = f"so far,1,0\n{OTHERS[encoding]}\n".encode(encoding)
    for copies in (2, 1 + 2 * SAMPLE_BYTES // len(line)):
        assert (line * copies).decode(find(line * copies)) == (line * copies).decode(encoding)


def test_what_is_not_utf_8_is_said_and_a_named_encoding_is_taken() -> None:
    content = ("text,anger,joy\n" + "zażółć gęślą,1,0\njaźń,0,1\n" * 5).encode("cp1250")
    guessed, named = read_form("a.csv", content), read_form("a.csv", content, encoding="cp1250")
    [note] = note_reading(guessed.reading)
    assert note == "the file is not in UTF-8; it was read as windows-1252, so look at its special characters"
    assert named.frame["text"][2] == "zażółć gęślą" and named.reading.encoding == "cp1250"
    plain = read_form("a.csv", "text,anger,joy\nx,1,0\ny,0,1\n", encoding="UTF8")
    assert plain.reading.encoding == "utf-8" and note_reading(plain.reading) == []


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1251", "cp932", "gb18030"])
@pytest.mark.parametrize("piece_bytes", [1, 3, 1000])
def test_characters_that_are_cut_by_a_piece_are_read(
    encoding: str, piece_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encodings, "PIECE_BYTES", piece_bytes)
    texts = ["Привет, мир номер один", "как дела сегодня"]
    table = read_form("a.csv", "text;anger;joy\n{};1;0\n{};0;1\n".format(*texts).encode(encoding), encoding=encoding)
    assert table.frame["text"].tolist() == texts


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ("zażółć".encode("cp1250"), r"a\.csv, line 4: byte 32 is not UTF-8; save the file as UTF-8"),
        (b"a\0b", r"a\.csv, line 4: a NUL character, which no text has"),
        ("😂".encode()[:3], r"a\.csv, line 4: byte 30 is not UTF-8"),
    ],
)
@pytest.mark.parametrize("piece_bytes", [1, 5, 1000])
def test_what_is_wrong_has_its_place_in_the_file_and_not_in_a_piece(
    wrong: bytes, words: str, piece_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encodings, "PIECE_BYTES", piece_bytes)
    with pytest.raises(DataError, match=words):
        read_form("a.csv", b"text,anger,joy\nx,1,0\ny \xc3\xa4,0,1\n" + wrong, encoding="utf-8")


def test_utf_16_that_is_named_needs_its_mark() -> None:
    with pytest.raises(DataError, match=r"a\.csv: the file is not in utf-16; save it as UTF-8"):
        read_form("a.csv", "text,anger,joy\nx,1,0\ny,0,1\n".encode("utf-16-le"), encoding="utf-16")
