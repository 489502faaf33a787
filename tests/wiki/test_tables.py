"""The tables of wiki facts: well-formed, true to known facts, and sufficient for real dumps."""

from __future__ import annotations

import bz2
import html
import re
import subprocess
import sys
import tomllib
import unicodedata
import warnings
from collections import Counter
from pathlib import Path

import pytest

from nlp_engine.wiki.tables import inline_templates, prefixes, wiki_facts

FOLDER = Path(__file__).parents[2] / "nlp_engine/wiki"
SITES = tomllib.loads((FOLDER / "sites.toml").read_text(encoding="utf-8"))
TEMPLATES = tomllib.loads((FOLDER / "templates.toml").read_text(encoding="utf-8"))

ARGUMENT = r"(?:-?[1-9][0-9]*|[^\W\d](?:[\w -]*\w)?)"
HOLE = re.compile(rf"\{{(?:\*|{ARGUMENT}(?:/{ARGUMENT})*)\}}")


def is_canonical(name: str) -> bool:
    """Whether a name is as lookup makes it: NFC, lower case, single spaces, no underscore."""
    tidy = " ".join(name.replace("_", " ").split())
    return name == unicodedata.normalize("NFC", tidy.lower()) != ""


def test_names_are_as_lookup_makes_them():
    lists = ("file", "category", "disambiguation", "interwiki", "language_codes")
    names = [name for row in SITES.values() for key in lists for name in row.get(key, ())]
    names += [name for row in TEMPLATES.values() for name in row]
    assert len(names) > 1000
    assert [name for name in names if not is_canonical(name)] == []


def test_no_row_says_a_thing_twice():
    for code, row in SITES.items():
        for key in ("file", "category", "disambiguation", "interwiki", "language_codes"):
            names = row.get(key, [])
            assert len(names) == len(set(names)), (code, key)


def test_rows_have_known_keys():
    everywhere = {"file", "category", "disambiguation", "interwiki", "language_codes"}
    assert set(SITES["*"]) == everywhere | {"other_namespaces"}
    keys = {"fallback", "link_trail", "file", "category", "disambiguation"}
    keys |= {"list_title", "people"}
    for code, row in SITES.items():
        assert code == "*" or set(row) <= keys, code


def test_rows_are_of_known_languages():
    codes = prefixes().language_codes
    assert (SITES.keys() | TEMPLATES.keys()) - {"*"} <= codes
    assert {row["fallback"] for row in SITES.values() if "fallback" in row} <= codes


def test_fallbacks_have_no_loop():
    for code in SITES:
        chain = [code]
        while "fallback" in SITES.get(chain[-1], {}):
            chain.append(SITES[chain[-1]]["fallback"])
            assert chain[-1] not in chain[:-1], chain


def test_link_trails_are_regex_classes_of_letters():
    trails = {code: row["link_trail"] for code, row in SITES.items() if "link_trail" in row}
    assert len(trails) > 100
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for code, trail in trails.items():
            if trail:
                matches = re.compile(f"[{trail}]").fullmatch
                assert not any(map(matches, " \n.,:;()[]{}|<>&0")), code


def test_patterns_are_literal_text_with_holes():
    for code, row in TEMPLATES.items():
        for name, pattern in row.items():
            assert not set(HOLE.sub("", pattern)) & set("{}"), (code, name)
            assert pattern != "", (code, name)


def test_an_ending_is_open_only_at_the_end_of_a_name():
    assert [n for row in TEMPLATES.values() for n in row if "*" in n[:-1] or n == "*"] == []


def test_names_do_not_mean_two_things():
    for code in SITES:
        facts = wiki_facts(code)
        assert not facts.file & facts.category, code
        assert not facts.disambiguation & inline_templates(code).exact.keys(), code


@pytest.mark.parametrize(
    ("language", "file", "category"),
    [
        ("en", "file image media", "category"),
        ("de", "datei bild image", "kategorie category"),
        ("fr", "fichier média image", "catégorie"),
        ("ru", "файл изображение", "категория"),
        ("bg", "файл картинка", "категория"),
        ("gd", "faidhle meadhan", "roinn-seòrsa"),
        ("pl", "plik grafika", "kategoria"),
        ("no", "fil bilde", "kategori"),
        ("ja", "ファイル 画像", "カテゴリ"),
        ("zh", "文件 檔案 图像", "分类 分類"),
        ("sr", "датотека slika", "категорија kategorija"),
        ("als", "datei bild", "kategorie"),
    ],
)
def test_namespaces_of_a_language(language, file, category):
    facts = wiki_facts(language)
    assert set(file.split()) <= facts.file
    assert set(category.split()) <= facts.category


def test_a_language_inherits_from_its_fallback():
    dutch, flemish = wiki_facts("nl"), wiki_facts("vls")
    assert flemish.file >= dutch.file | {"ofbeeldienge"}
    assert flemish.link_trail == dutch.link_trail != "a-z"
    assert inline_templates("simple").pattern("ill") == inline_templates("en").pattern("ill")


@pytest.mark.parametrize(
    ("code", "same"), [("nb", "no"), ("gsw", "als"), ("nan", "zh-min-nan"), ("lzh", "zh-classical")]
)
def test_mediawikis_code_means_the_same_wiki(code, same):
    assert wiki_facts(code) == wiki_facts(same)


def test_an_unknown_language_has_what_holds_everywhere():
    facts = wiki_facts("qqq")
    assert facts.file == {"file", "image", "media"}
    assert facts.link_trail == "a-z"
    assert "disambiguation" in facts.disambiguation
    assert inline_templates("qqq").pattern("convert") == "{measure}"


@pytest.mark.parametrize(
    ("language", "joined", "apart"),
    [
        ("en", "s", "é"),
        ("de", "üß", "é"),
        ("fr", "éçÀ", "1"),
        ("ru", "ийё", "і"),
        ("uk", "ієґ", "0"),
        ("pl", "ęÓ", "é"),
        ("ar", "ءي\u064b", "،"),
        ("hi", "की", "।"),
        ("bn", "কা", "।"),
        ("vls", "ëo", "."),
        ("be-tarask", "ўy", "и"),
    ],
)
def test_link_trail_of_a_language(language, joined, apart):
    trail = re.compile(f"[{wiki_facts(language).link_trail}]")
    assert all(map(trail.fullmatch, joined))
    assert not any(map(trail.fullmatch, apart))


@pytest.mark.parametrize("language", ["zh", "wuu", "gan"])
def test_chinese_joins_nothing_to_a_link(language):
    assert wiki_facts(language).link_trail == ""


@pytest.mark.parametrize(
    ("language", "template"),
    [
        ("en", "hndis"),
        ("de", "begriffsklärung"),
        ("fr", "homonymie"),
        ("es", "desambiguación"),
        ("it", "disambigua"),
        ("pt", "desambiguação"),
        ("nl", "dp"),
        ("sv", "förgrening"),
        ("pl", "ujednoznacznienie"),
        ("ru", "неоднозначность"),
        ("uk", "disambig"),
        ("ja", "aimai"),
        ("ko", "동음이의"),
        ("zh", "消歧义"),
        ("tr", "anlam ayrımı"),
        ("gd", "soilleireachadh"),
        ("ltg", "zeimeibu škiršona"),
    ],
)
def test_disambiguation_templates_of_a_language(language, template):
    assert template in wiki_facts(language).disambiguation


def test_a_surname_list_is_no_disambiguation_page_in_english():
    assert not wiki_facts("en").disambiguation & {"surname", "given name", "set index article"}


def test_prefixes():
    assert {"wikt", "commons", "s", "mw", "d"} <= prefixes().interwiki
    assert {"de", "simple", "zh-min-nan", "be-x-old", "roa-tara"} <= prefixes().language_codes
    assert len(prefixes().language_codes) > 330
    assert "user talk" in prefixes().other_namespaces
    assert not prefixes().interwiki & prefixes().language_codes


@pytest.mark.parametrize(
    ("language", "template", "pattern"),
    [
        ("en", "cvt", "{measure}"),
        ("en", "lang", "{2/text}"),
        ("en", "lang-sq", "{1/text}"),
        ("en", "formatnum:", "{1}"),
        ("de", "zahlenformat:", "{1}"),
        ("de", "convert", "{measure}"),
        ("de", '"', "„{1}“"),
        ("fr", "unité", "{1} {2}{3}"),
        ("fr", "xixe siècle", "XIXe siècle"),
        ("ru", "нп5", "{2/1}"),
        ("ltg", "vol-ru", "{1}"),
        ("lv", "val", "{2}"),
        ("zh", "link-de", "{3/1}"),
        ("ja", "仮リンク", "{label/1}"),
        ("simple", "uss", "USS {1}"),
    ],
)
def test_inline_template(language, template, pattern):
    assert inline_templates(language).pattern(template) == pattern


@pytest.mark.parametrize(
    "template",
    ["sfn", "cite book", "citation needed", "ipac-en", "coord", "flagicon", "main", "rp"],
)
def test_what_is_no_part_of_a_sentence_is_dropped(template):
    for language in ("en", "fr", "ru", "vi", "simple"):
        assert inline_templates(language).pattern(template) is None


def test_the_longest_beginning_wins():
    starts = list(inline_templates("zh").beginnings)
    assert starts == sorted(starts, key=len, reverse=True)


def test_tables_load_outside_of_the_source_tree(tmp_path):
    code = (
        "from nlp_engine.wiki.tables import inline_templates, wiki_facts\n"
        "print(len(wiki_facts('fr').file), inline_templates('fr').pattern('nombre'))"
    )
    run = subprocess.run(
        [sys.executable, "-I", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == f"{len(wiki_facts('fr').file)} {{1}} {{2}}"


# What stands before the colon of a link to a picture, and what before that of a category.
PICTURE = re.compile(
    r"\[\[\s*([^\[\]|:{}\n]{1,40}?)\s*:[^\[\]|\n]*\.(?:jpe?g|png|svg|gif)\s*[|\]]", re.I
)
PREFIX = re.compile(r"\[\[\s*([^\[\]|:{}\n]{1,40}?)\s*:")
NAMESPACE = re.compile(r'<namespace key="(6|14)"[^>]*>([^<]+)<')

DUMPS = {
    "dumps/packed/gd-pages-articles.xml.bz2": "gd",
    "dumps/packed/vls-pages-articles.xml.bz2": "vls",
    "dumps/packed/ekopedia-pages-articles.xml.bz2": "fr",
    "dumps/packed/whonix-pages-articles.xml.bz2": "en",
    "dumps/original/ltgwiki-smallwiki-pages-articles.xml.bz2": "ltg",
    "dumps/original/viwiki-20240701-excerpt.xml.bz2": "vi",
    "dumps/original/gensim_bgwiki-latest-pages-articles-shortened.xml.bz2": "bg",
    "dumps/original/gensim_enwiki-latest-pages-articles1.xml-p000000010p000030302-shortened.bz2": (
        "en"
    ),
}
FOREIGN = {"ar": {"datei"}, "ms": {"figura"}}  # pasted from another wiki, broken on this one


def check_dump(path: Path, language: str) -> None:
    """The names that siteinfo lists, and those that the pages use for pictures, are known."""
    content = bz2.decompress(path.read_bytes())
    encoding = "utf-16" if content.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8"
    text = html.unescape(content.decode(encoding))
    facts = wiki_facts(language)
    for number, name in NAMESPACE.findall(text):
        assert name.lower() in (facts.file if number == "6" else facts.category), path.name
    used = Counter(prefix.lower().replace("_", " ") for prefix in PICTURE.findall(text))
    unknown = {name: count for name, count in used.items() if name not in facts.file}
    for name in FOREIGN.get(language, set()) | prefixes().interwiki | prefixes().language_codes:
        unknown.pop(name, None)
    assert sum(unknown.values()) <= sum(used.values()) / 100, (path.name, unknown)


@pytest.mark.parametrize(("name", "language"), DUMPS.items())
def test_prefixes_of_pictures_in_a_real_dump_are_known(data, name, language):
    check_dump(data(name), language)


def test_prefixes_of_pictures_in_124_languages_are_known(data):
    dumps = sorted(data("dumps/original/dbpedia_minidumps").glob("*.bz2"))
    assert len(dumps) > 100
    for path in dumps:
        if (language := path.name.partition(".")[0]) in prefixes().language_codes:
            check_dump(path, language)


def test_interlanguage_links_of_real_wikis_have_known_codes(data):
    """In these mirrors most links are of the old inline kind, [[fr:...]]."""
    for name in ("gd", "vls"):
        path = data(f"dumps/packed/{name}-pages-articles.xml.bz2")
        used = Counter(PREFIX.findall(bz2.decompress(path.read_bytes()).decode()))
        codes = {
            code: n for code, n in used.items() if re.fullmatch(r"[a-z]{2,3}(-[a-z-]+)?", code)
        }
        unknown = set(codes) - prefixes().language_codes - prefixes().interwiki
        assert sum(codes.values()) > 100_000
        assert sum(codes[code] for code in unknown) < sum(codes.values()) / 10_000, unknown
