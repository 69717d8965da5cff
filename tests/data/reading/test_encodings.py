"""An encoding is found by its bytes; what is not UTF-8 is said, and a named one is taken."""

import pytest

from emocore.data.reading.encodings import SAMPLE_BYTES, find_encoding
from emocore.data.reading.record import note_reading
from emocore.data.source import DataFile
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
