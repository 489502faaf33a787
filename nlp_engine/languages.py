"""What is known per language. To add a language, add a row to `_LANGUAGES`."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache, cached_property

from nlp_engine.errors import SettingError

_WESTERN_ENDS = ".!?…"


@dataclass(frozen=True, kw_only=True)
class Language:
    """Facts about one language; the defaults serve languages without a row of their own.

    Attributes:
        code: ISO 639 code, as in `<code>.wikipedia.org`.
        sentence_ends: Characters that end a sentence.
        abbreviations: Lower-case words after which a full stop ends no sentence.
        number_abbreviations: The same, but only before a number ("No. 5", not "He said no.").
        ordinal_dot: Whether a full stop makes an ordinal ("am 3. Mai").
        digit_words: The words for 0 to 9, or () where unknown.
        dotless_i: Whether I and İ are the capitals of ı and i (Turkish, Azeri).
        spaces: Whether spaces stand between its words.
        segmenter: The extra of this package that finds its words, where one is needed and known.
    """

    code: str
    sentence_ends: str = _WESTERN_ENDS + "。！？।॥؟۔።։"
    abbreviations: frozenset[str] = frozenset()
    number_abbreviations: frozenset[str] = frozenset()
    ordinal_dot: bool = False
    digit_words: tuple[str, ...] = ()
    dotless_i: bool = False
    spaces: bool = True
    segmenter: str | None = None

    @cached_property
    def longest_abbreviation(self) -> int:
        """Characters of the longest abbreviation, initial or ordinal."""
        return max(2, *map(len, self.abbreviations | self.number_abbreviations | {""}))

    def lower(self, text: str) -> str:
        """Lower-case `text` by this language's rules."""
        if self.dotless_i:
            text = text.replace("İ", "i").replace("I", "ı")
        # Elsewhere İ becomes i + U+0307; dropping the dot keeps "istanbul" one ordinary word.
        return text.lower().replace("i̇", "i")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# The numerals 0 to 9 as one counts; where they differ by gender, the form used for bare digits.
_DIGIT_WORDS = {
    "ar": "صفر واحد اثنان ثلاثة أربعة خمسة ستة سبعة ثمانية تسعة",
    "az": "sıfır bir iki üç dörd beş altı yeddi səkkiz doqquz",
    "bg": "нула едно две три четири пет шест седем осем девет",
    "ca": "zero un dos tres quatre cinc sis set vuit nou",
    "cs": "nula jedna dva tři čtyři pět šest sedm osm devět",
    "da": "nul en to tre fire fem seks syv otte ni",
    "de": "null eins zwei drei vier fünf sechs sieben acht neun",
    "el": "μηδέν ένα δύο τρία τέσσερα πέντε έξι επτά οκτώ εννέα",
    "en": "zero one two three four five six seven eight nine",
    "eo": "nul unu du tri kvar kvin ses sep ok naŭ",
    "es": "cero uno dos tres cuatro cinco seis siete ocho nueve",
    "et": "null üks kaks kolm neli viis kuus seitse kaheksa üheksa",
    "eu": "zero bat bi hiru lau bost sei zazpi zortzi bederatzi",
    "fa": "صفر یک دو سه چهار پنج شش هفت هشت نه",
    "fi": "nolla yksi kaksi kolme neljä viisi kuusi seitsemän kahdeksan yhdeksän",
    "fr": "zéro un deux trois quatre cinq six sept huit neuf",
    "gl": "cero un dous tres catro cinco seis sete oito nove",
    "he": "אפס אחת שתיים שלוש ארבע חמש שש שבע שמונה תשע",
    "hi": "शून्य एक दो तीन चार पाँच छह सात आठ नौ",
    "hr": "nula jedan dva tri četiri pet šest sedam osam devet",
    "hu": "nulla egy kettő három négy öt hat hét nyolc kilenc",
    "id": "nol satu dua tiga empat lima enam tujuh delapan sembilan",
    "it": "zero uno due tre quattro cinque sei sette otto nove",
    "ja": "零 一 二 三 四 五 六 七 八 九",
    "ko": "영 일 이 삼 사 오 육 칠 팔 구",
    "lt": "nulis vienas du trys keturi penki šeši septyni aštuoni devyni",
    "lv": "nulle viens divi trīs četri pieci seši septiņi astoņi deviņi",
    "ms": "sifar satu dua tiga empat lima enam tujuh lapan sembilan",
    "nl": "nul een twee drie vier vijf zes zeven acht negen",
    "nn": "null ein to tre fire fem seks sju åtte ni",
    "no": "null en to tre fire fem seks sju åtte ni",
    "pl": "zero jeden dwa trzy cztery pięć sześć siedem osiem dziewięć",
    "pt": "zero um dois três quatro cinco seis sete oito nove",
    "ro": "zero unu doi trei patru cinci șase șapte opt nouă",
    "ru": "ноль один два три четыре пять шесть семь восемь девять",
    "sk": "nula jeden dva tri štyri päť šesť sedem osem deväť",
    "sl": "nič ena dve tri štiri pet šest sedem osem devet",
    "sr": "нула један два три четири пет шест седам осам девет",
    "sv": "noll ett två tre fyra fem sex sju åtta nio",
    "th": "ศูนย์ หนึ่ง สอง สาม สี่ ห้า หก เจ็ด แปด เก้า",
    "tr": "sıfır bir iki üç dört beş altı yedi sekiz dokuz",
    "uk": "нуль один два три чотири пʼять шість сім вісім девʼять",
    "vi": "không một hai ba bốn năm sáu bảy tám chín",
    "zh": "零 一 二 三 四 五 六 七 八 九",
}

# Chinese languages that jieba's dictionary serves; the others are written with other characters
# or in Latin letters.
_CHINESE = ("zh", "zh-classical", "zh-yue", "yue", "wuu", "gan", "lzh")

_LANGUAGES = {
    language.code: language
    for language in (
        Language(
            code="en",
            abbreviations=_words(
                "mr mrs ms dr prof st sr jr vs etc e.g i.e cf ed eds gen col sgt capt lt rev hon "
                "gov sen rep inc ltd co corp jan feb mar apr jun jul aug sep sept oct nov dec ca "
                "approx dept est al u.s u.k a.m p.m b.c a.d ph.d"
            ),
            number_abbreviations=_words("no nos vol fig figs p pp ch sec art b c d r fl"),
        ),
        Language(
            code="de",
            abbreviations=_words(
                "z d u i n v z.b d.h u.a bzw ca dr prof str usw vgl evtl ggf inkl jh jhd mio mrd "
                "sog st tel hrsg geb gest jan feb mär apr jun jul aug sep okt nov dez"
            ),
            number_abbreviations=_words("nr abb bd kap s art abs"),
            ordinal_dot=True,
        ),
        Language(
            code="fr",
            abbreviations=_words("m mm mme mlle dr av apr env etc cf p.ex vol éd fig art chap st"),
        ),
        Language(
            code="es",
            abbreviations=_words(
                "sr sra srta dr dra d dña ud uds vd etc p.ej pág núm vol av aprox"
            ),
        ),
        Language(
            code="it",
            abbreviations=_words("sig dr prof ecc es cfr pag vol dott ing avv ca"),
        ),
        Language(
            code="ru",
            abbreviations=_words("г гг т.е т.д т.п др пр см им ул д стр руб млн млрд тыс в вв н.э"),
        ),
        Language(code="tr", dotless_i=True),
        Language(code="az", dotless_i=True),
        Language(code="crh", dotless_i=True),
        Language(code="gag", dotless_i=True),
        Language(
            code="pt",
            abbreviations=_words("sr sra srs dr dra d prof av etc p.ex pág cap vol aprox sto sta"),
            number_abbreviations=_words("n nº art fig p pp"),
        ),
        Language(
            code="nl",
            abbreviations=_words(
                "dhr mevr mw dr prof ir ing mr drs bijv bv d.w.z o.a m.a.w enz ca st jan feb mrt "
                "apr jun jul aug sept okt nov dec"
            ),
            number_abbreviations=_words("nr blz p art fig"),
        ),
        Language(
            code="pl",
            abbreviations=_words(
                "dr prof mgr inż gen płk ks św im m.in np tzw tzn itd itp ul al ok tys mln mld r w"
            ),
            number_abbreviations=_words("nr s str t poz"),
            ordinal_dot=True,
        ),
        Language(
            code="cs",
            abbreviations=_words("dr prof ing mgr tzv tj např atd apod sv č ul cca mil tis n.l"),
            number_abbreviations=_words("s str obr"),
            ordinal_dot=True,
        ),
        Language(
            code="sv",
            abbreviations=_words("bl.a t.ex d.v.s dvs osv m.m m.fl f.d s.k ca dr prof st"),
            number_abbreviations=_words("nr s kap"),
        ),
        Language(
            code="da",
            abbreviations=_words("bl.a f.eks dvs osv m.m m.fl f.kr e.kr ca dr prof skt kl"),
            number_abbreviations=_words("nr s kap"),
            ordinal_dot=True,
        ),
        Language(
            code="uk",
            abbreviations=_words(
                "р рр т.д т.п т.з др пр див ім вул м с обл грн млн млрд тис ст н.е"
            ),
        ),
        *(
            Language(code=code, ordinal_dot=True)
            for code in "no nn fi hu sk hr sr sl et lv".split()
        ),
        *(Language(code=code, spaces=False) for code in "bo dz km lo my shn".split()),
        *(Language(code=code, spaces=False, segmenter="zh") for code in _CHINESE),
        *(Language(code=code, spaces=False, segmenter=code) for code in ("ja", "th")),
        Language(code="ko", segmenter="ko"),  # its spaces part phrases of a word and its particles
    )
}

_CODE = re.compile(r"[a-z][a-z0-9-]{1,15}")


@cache
def language(code: str) -> Language:
    """The facts about a language; general ones for a code without a row.

    Raises:
        SettingError: `code` does not look like a language code.
    """
    if not _CODE.fullmatch(code):
        raise SettingError(f"language is {code!r}; it must be a code such as en, de or zh")
    row = _LANGUAGES.get(code) or Language(code=code)
    words = _DIGIT_WORDS.get("zh" if row.segmenter == "zh" else code, "")
    return replace(row, digit_words=tuple(words.split()))
