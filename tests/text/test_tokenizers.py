from __future__ import annotations

import importlib
import re
import subprocess
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp_engine.errors import FormatError, MissingExtraError, SettingError
from nlp_engine.files import open_input
from nlp_engine.manifest import read_manifest, write_manifest
from nlp_engine.text.nltk import train_punkt
from nlp_engine.text.tokenizers import TOKENIZERS, Tokenizer, TokenizerSettings, open_tokenizer


def tokenizer(name: str, language: str, digits: str | None = None) -> Tokenizer:
    return open_tokenizer(TokenizerSettings(name=name, language=language, digits=digits))


@pytest.mark.parametrize(
    ("code", "text", "words"),
    [
        ("en", "The cat's 9 lives, re-lived!", ["the", "cat", "s", "9", "lives", "re", "lived"]),
        ("en", "5 km² of co\xadoperation ❤\ufe0f", ["5", "km", "of", "cooperation"]),
        ("hi", "हिन्दी भाषा ५", ["हिन्दी", "भाषा", "५"]),
        ("bn", "বাংলা", ["বাংলা"]),
        ("ar", "كِتَابٌ جميل", ["كِتَابٌ", "جميل"]),
        ("fa", "می\u200cخواهم بروم", ["می\u200cخواهم", "بروم"]),
        ("tr", "IŞIK İstanbul’da", ["ışık", "istanbul", "da"]),
        ("az", "İLK QIZ ə", ["ilk", "qız", "ə"]),
        ("de", "Äpfel & Straße – „groß“", ["äpfel", "straße", "groß"]),
        ("ru", "Ёжик — в «тумане»", ["ёжик", "в", "тумане"]),
        ("ru", "И\u0306од, Ѣ", ["йод", "ѣ"]),
        ("el", "ΟΔΟΣ Σοφία", ["οδος".replace("σ", "ς"), "σοφία"]),
        ("vi", "Tiê\u0301ng Việt", ["tiếng", "việt"]),
    ],
)
def test_fast_keeps_words_whole_in_any_script(code: str, text: str, words: list[str]) -> None:
    assert tokenizer("fast", code).words(text) == words


@pytest.mark.parametrize("name", ["fast", "spacy", "nltk"])
def test_composed_and_decomposed_text_give_the_same_words(name: str) -> None:
    french = tokenizer(name, "fr")
    text = "Élève à Orléans"
    assert french.words(unicodedata.normalize("NFD", text)) == french.words(text)


@given(
    st.text(st.characters(codec="utf-8", max_codepoint=0x24FF), max_size=40),
    st.sampled_from("en de pl ru tr hi".split()),
    st.sampled_from(["keep", "spell", "map", "drop"]),
)
def test_words_do_not_depend_on_the_text_around_them(text: str, code: str, digits: str) -> None:
    # Text of one character set goes a faster way than any other; a foreign letter beside it
    # sends it the general way.
    words = tokenizer("fast", code, digits).words
    assert words(f"{text} ། 中") == [*words(text), "中"]


@given(
    st.text(st.sampled_from("Aé?.\n İ5中\x01"), max_size=40), st.sampled_from(["en", "de", "tr"])
)
@pytest.mark.parametrize("name", ["fast", "text8", "whitespace", "nltk"])
def test_words_of_a_text_are_those_of_its_sentences(name: str, text: str, code: str) -> None:
    chosen = tokenizer(name, code)
    expected = [chosen.words(sentence) for sentence in chosen.sentences(text)]
    assert chosen.words_by_sentence(text) == expected


@given(st.text(max_size=60))
def test_rare_characters_beside_a_text_do_not_change_its_words(text: str) -> None:
    # A joiner or a character beyond U+FFFF sends a text another way than all others.
    for digits in ("keep", "drop"):
        words = tokenizer("fast", "hi", digits).words
        assert words(f"{text} 😀") == words(text)


@pytest.mark.parametrize(
    ("code", "text", "words"),
    [
        # Mahoney: lower-case, digits spelled one by one, everything but a-z becomes a space.
        ("en", "In 1999 a Café cost $5", "in one nine nine nine a caf cost five"),
        ("de", "Im Jahr 42 über", "im jahr vier zwei über"),
        ("gd", "Alba 2020 abc", "alba abc"),  # no digit words known: dropped
        ("hi", "हिन्दी ५5", "हिन्दी पाँच पाँच"),
        ("uk", "Літак 5", "літак пʼять"),
    ],
)
def test_text8_letters_only_and_digits_spelled(code: str, text: str, words: str) -> None:
    assert " ".join(tokenizer("text8", code).words(text)) == words


@pytest.mark.parametrize(
    ("digits", "words"),
    [
        ("keep", "in 1999 km2"),
        ("map", "in 0000 km0"),
        ("drop", "in km"),
        ("spell", "in one nine nine nine km two"),
    ],
)
@pytest.mark.parametrize("name", sorted(TOKENIZERS))
def test_digits_by_choice(name: str, digits: str, words: str) -> None:
    expected = words.replace("in ", "In ", 1) if name == "whitespace" else words
    assert tokenizer(name, "en", digits).words("In 1999 km2") == expected.split()


_NAMES = "zero one two three four five six seven eight nine".split()


def mahoney(text: str) -> str:
    """The published rules on bytes, one after the other as his script has them."""
    data = text.encode("utf-8", "surrogatepass")
    for upper, lower in zip(range(65, 91), range(97, 123), strict=True):
        data = data.replace(bytes([upper]), bytes([lower]))
    for digit, name in enumerate(_NAMES):
        data = data.replace(str(digit).encode(), f" {name} ".encode())
    return re.sub(rb"[^a-z]+", b" ", data).strip().decode()


@given(st.text(max_size=200))
def test_english_text8_follows_mahoneys_rules(text: str) -> None:
    assert " ".join(tokenizer("text8", "en").words(text)) == mahoney(text)


def test_english_text8_of_real_text_is_perls(data: Callable[[str], Path], tmp_path: Path) -> None:
    with open_input(data("text/en_wikipedia/enwiki2015_part2.txt.bz2")) as file:
        raw = file.read(3_000_000).rpartition(b"\n")[0]
    words = " ".join(tokenizer("text8", "en").words(raw.decode()))
    assert words == mahoney(raw.decode())
    spelling = "".join(f"s/{digit}/ {name} /g;" for digit, name in enumerate(_NAMES))
    try:
        perl = subprocess.run(
            ["perl", "-0777", "-pe", f"tr/A-Z/a-z/;{spelling}tr/a-z/ /cs;"],
            input=raw, capture_output=True, check=True,
        )  # fmt: skip
    except FileNotFoundError:
        pytest.skip("perl, the second opinion, is not installed")
    assert words == perl.stdout.decode().strip()


def test_spacy_and_nltk_keep_punctuation_as_tokens() -> None:
    assert tokenizer("spacy", "en").words("Don't stop, Dr. Who!") == [
        "do", "n't", "stop", ",", "dr.", "who", "!",
    ]  # fmt: skip
    assert tokenizer("nltk", "en").words("Don't stop. Go on.") == [
        "do", "n't", "stop", ".", "go", "on", ".",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "module", "text", "words"),
    [
        ("zh", "jieba", "我来到北京清华大学。2015年", "我 来到 北京 清华大学 2015 年"),
        (
            "ja",
            "sudachipy",
            "吾輩は猫である。名前はまだ無い。",
            "吾輩 は 猫 で ある 名前 は まだ 無い",
        ),
        ("th", "pythainlp", "ฉันรักภาษาไทย", "ฉัน รัก ภาษาไทย"),
        ("ko", "mecab_ko", "한국어를 공부합니다.", "한국어 를 공부 합니다"),
    ],
)
@pytest.mark.parametrize("name", ["fast", "text8", "spacy"])
def test_languages_without_spaces_give_words(
    code: str, module: str, text: str, words: str, name: str
) -> None:
    pytest.importorskip(module)
    found = tokenizer(name, code, "keep").words(text)
    punctuation = ["。", "."]
    assert [word for word in found if word not in punctuation] == words.split()
    assert (found != words.split()) == (name == "spacy" and code != "th")


def test_phrases_instead_of_words_are_announced(caplog: pytest.LogCaptureFixture) -> None:
    assert tokenizer("fast", "km").words("ភាសាខ្មែរ ល្អ") == ["ភាសាខ្មែរ", "ល្អ"]
    assert "language km writes no spaces between words" in caplog.text


def test_whitespace_leaves_words_as_they_are() -> None:
    assert tokenizer("whitespace", "en").words("Don't  STOP\u3000now\n.") == [
        "Don't", "STOP", "now", ".",
    ]  # fmt: skip
    assert tokenizer("whitespace", "en").sentences("A b. C\n\nD") == ["A b. C", "D"]


def test_long_texts_without_spaces() -> None:
    pytest.importorskip("sudachipy")
    text = "吾輩は猫である" * 4000  # more bytes than its library takes at once
    for name in ("fast", "spacy"):
        words = tokenizer(name, "ja").words(text)
        assert "".join(words) == text
        assert len(words) > 16_000


def test_vietnamese_words_of_two_syllables() -> None:
    pytest.importorskip("pyvi")
    words = tokenizer("spacy", "vi").words("Trường đại học bách khoa hà nội")
    assert words == ["trường", "đại_học", "bách_khoa", "hà_nội"]


@pytest.mark.parametrize(
    ("name", "code", "module", "extra"),
    [
        ("fast", "zh", "jieba", "zh"),
        ("spacy", "zh", "jieba", "zh"),
        ("text8", "ja", "sudachipy", "ja"),
        ("fast", "th", "pythainlp.tokenize", "th"),
        ("spacy", "ko", "mecab_ko", "ko"),
        ("spacy", "vi", "pyvi", "vi"),
    ],
)
def test_a_missing_segmenter_is_named_with_its_extra(
    monkeypatch: pytest.MonkeyPatch, name: str, code: str, module: str, extra: str
) -> None:
    there = importlib.import_module

    def without(wanted: str, *arguments: str) -> object:
        if wanted == module:
            raise ModuleNotFoundError(f"No module named {module!r}", name=module)
        return there(wanted, *arguments)

    monkeypatch.setattr(importlib, "import_module", without)
    with pytest.raises(MissingExtraError) as error:
        tokenizer(name, code)
    assert f"pip install 'nlp-engine[{extra}]'" in str(error.value)


def test_an_unknown_name_and_an_unsupported_language() -> None:
    with pytest.raises(SettingError, match="must be one of fast, text8, whitespace, spacy, nltk"):
        tokenizer("moses", "en")
    with pytest.raises(SettingError, match="it must be one of keep, spell, map, drop"):
        tokenizer("fast", "en", "roman")
    with pytest.raises(SettingError, match="spaCy has no rules for language 'vls'"):
        tokenizer("spacy", "vls")


@pytest.mark.parametrize("code", ["en", "hi", "ja", "ko", "th", "zh"])
@pytest.mark.parametrize("name", sorted(TOKENIZERS))
def test_broken_characters_part_words_and_nothing_else(name: str, code: str) -> None:
    if code not in ("en", "hi"):
        pytest.importorskip(
            {"ja": "sudachipy", "ko": "mecab_ko", "th": "pythainlp"}.get(code, "jieba")
        )
    words = tokenizer(name, code).words("aa\0bb\ud800cc")
    assert words == (["aa\0bb\ud800cc"] if name == "whitespace" else ["aa", "bb", "cc"])


@given(st.text(max_size=200), st.sampled_from(sorted(TOKENIZERS)))
def test_words_are_never_empty_and_hold_no_white_space(text: str, name: str) -> None:
    words = tokenizer(name, "en").words(text)
    assert all(word and not any(character.isspace() for character in word) for word in words)


def test_a_manifest_carries_the_tokenizer(tmp_path: Path) -> None:
    punkt = {"abbreviations": ["abt"], "collocations": [["x", "y"]], "sentence_starters": []}
    for number, chosen in enumerate(
        [
            TokenizerSettings(language="de"),
            TokenizerSettings(name="text8", language="tr", digits="map"),
            TokenizerSettings(name="nltk", language="en", digits="keep", punkt=punkt),
        ]
    ):
        folder = tmp_path / str(number)
        folder.mkdir()
        write_manifest(
            folder, format="corpus", language="xx", started=0, settings=chosen.for_manifest()
        )
        carried = TokenizerSettings.of(read_manifest(folder, "corpus"))
        assert carried.for_manifest() == chosen.for_manifest()
        assert carried.named("fast").digit_rule == ("keep" if number else chosen.digit_rule)
        assert carried.named("fast").language == chosen.language
    assert TokenizerSettings.of(None) == TokenizerSettings(name="fast", language="en")


def test_a_manifest_of_another_engine(tmp_path: Path) -> None:
    write_manifest(
        tmp_path, format="corpus", language="en", started=0, settings={"tokenizer": {"name": "x"}}
    )
    with pytest.raises(FormatError, match="names a tokenizer that this engine does not know"):
        TokenizerSettings.of(read_manifest(tmp_path, "corpus"))


_LETTERS = (
    "Abt. Weber wrote to abt. Klein. The abt. Weber of Bonn came. He saw abt. Kurz there. "
    "Then abt. Weber left. It rained. They met abt. Hahn in May. She knew abt. Klein well. "
)


def test_punkt_learns_the_abbreviations_of_the_corpus() -> None:
    english = TokenizerSettings(name="nltk")
    text = "We saw abt. Weber there."
    learned = train_punkt([_LETTERS] * 5, open_tokenizer(english).language)
    assert "abt" in learned["abbreviations"]
    assert learned == train_punkt([_LETTERS] * 5, open_tokenizer(english).language)
    assert len(open_tokenizer(english).sentences(text)) == 2
    trained = open_tokenizer(TokenizerSettings(name="nltk", punkt=learned))
    assert trained.sentences(f"{text}\n\nIt rained. She left") == [text, "It rained.", "She left"]
    assert trained.words(text) == ["we", "saw", "abt.", "weber", "there", "."]
