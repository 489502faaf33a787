"""What is known per language. To add a language, add a row to `_LANGUAGES`."""

from __future__ import annotations

import re
from dataclasses import dataclass

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
        link_trail: Letters that MediaWiki joins to a link before them, as a regex class body.
    """

    code: str
    sentence_ends: str = _WESTERN_ENDS + "。！？।॥؟۔።։"
    abbreviations: frozenset[str] = frozenset()
    number_abbreviations: frozenset[str] = frozenset()
    ordinal_dot: bool = False
    digit_words: tuple[str, ...] = ()
    dotless_i: bool = False
    link_trail: str = "a-z"

    def lower(self, text: str) -> str:
        """Lower-case `text` by this language's rules."""
        if self.dotless_i:
            text = text.replace("İ", "i").replace("I", "ı")
        # Elsewhere İ becomes i + U+0307; dropping the dot keeps "istanbul" one ordinary word.
        return text.lower().replace("i̇", "i")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


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
            digit_words=tuple("zero one two three four five six seven eight nine".split()),
        ),
        Language(
            code="de",
            abbreviations=_words(
                "z.b d.h u.a bzw ca dr prof str usw vgl evtl ggf inkl jh jhd mio mrd sog st tel "
                "hrsg geb gest jan feb mär apr jun jul aug sep okt nov dez"
            ),
            number_abbreviations=_words("nr abb bd kap s art abs"),
            ordinal_dot=True,
            digit_words=tuple("null eins zwei drei vier fünf sechs sieben acht neun".split()),
            link_trail="a-zäöüß",
        ),
        Language(
            code="fr",
            abbreviations=_words("m mm mme mlle dr av apr env etc cf p.ex vol éd fig art chap st"),
            digit_words=tuple("zéro un deux trois quatre cinq six sept huit neuf".split()),
            link_trail="a-zàâçéèêîôûäëïöüùÇÉÂÊÎÔÛÄËÏÖÜÀÈÙ",
        ),
        Language(
            code="es",
            abbreviations=_words(
                "sr sra srta dr dra d dña ud uds vd etc p.ej pág núm vol av aprox"
            ),
            digit_words=tuple("cero uno dos tres cuatro cinco seis siete ocho nueve".split()),
            link_trail="a-záéíóúñ",
        ),
        Language(
            code="it",
            abbreviations=_words("sig dr prof ecc es cfr pag vol dott ing avv ca"),
            digit_words=tuple("zero uno due tre quattro cinque sei sette otto nove".split()),
            link_trail="a-zàéèíîìóòúù",
        ),
        Language(
            code="ru",
            abbreviations=_words("г гг т.е т.д т.п др пр см им ул д стр руб млн млрд тыс в вв н.э"),
            digit_words=tuple("ноль один два три четыре пять шесть семь восемь девять".split()),
            link_trail="a-zабвгдеёжзийклмнопрстуфхцчшщъыьэюя",
        ),
        Language(code="tr", dotless_i=True, link_trail="a-zÇĞçğİıÖöŞşÜüÂâÎîÛû"),
        Language(code="az", dotless_i=True, link_trail="a-zçəğıöşü"),
    )
}

_CODE = re.compile(r"[a-z][a-z0-9-]{1,15}")


def language(code: str) -> Language:
    """The facts about a language; general ones for a code without a row.

    Raises:
        SettingError: `code` does not look like a language code.
    """
    if not _CODE.fullmatch(code):
        raise SettingError(f"language is {code!r}; it must be a code such as en, de or zh")
    return _LANGUAGES.get(code) or Language(code=code)
