"""Rules of a domain on a wiki where "apple" means three things, three, two and one times."""

from __future__ import annotations

from pathlib import Path

import pytest

from nlp_engine.entities.domain_rules import DomainRules
from nlp_engine.entities.knowledge_base import KnowledgeBase
from nlp_engine.entities.overlay import Alias, Overlay
from nlp_engine.entities.ranking import EntityRanker
from nlp_engine.errors import InputError
from nlp_engine.wiki.extract import extract_dumps
from tests.conftest import make_dump

PAGES = {
    "Apple Inc.": "makes phones. [[Category:Technology companies]]",
    "Apple Records": "is a label. [[Category:Record labels]][[Category:British companies]]",
    "Apple": "grows on a [[tree]]. [[Category:Fruits]]",
    "Tim Cook": "runs [[Apple Inc.|Apple]]. [[Category:People]]",
    "Steve Jobs": "ran [[Apple Inc.|Apple]] before [[Tim Cook]]. [[Category:People]]",
    "Phones": "are made by [[Apple Inc.|Apple]].",
    "Ringo Starr": "was with [[Apple Records|Apple]]. [[Category:People]]",
    "George Harrison": "was with [[Apple Records|Apple]], too. [[Category:People]]",
    "Cider": "is made of an [[apple]].",
}
ALL = ["Apple Inc.", "Apple Records", "Apple"]


@pytest.fixture(scope="module")
def kb(tmp_path_factory: pytest.TempPathFactory) -> KnowledgeBase:
    folder = tmp_path_factory.mktemp("apples")
    (folder / "dump.xml").write_bytes(make_dump(PAGES))
    extract_dumps([folder / "dump.xml"], folder / "extracted")
    return KnowledgeBase.build(folder / "extracted", folder / "kb")


def read(tmp_path: Path, text: str) -> DomainRules:
    (tmp_path / "rules.toml").write_text(text, encoding="utf-8")
    return DomainRules.read(tmp_path / "rules.toml")


def meanings(kb: KnowledgeBase, rules: DomainRules, text: str = "Apple") -> list[str]:
    """What a mention may mean, the most common first."""
    found = EntityRanker(kb, rules=rules, method="commonness", rho=0).explain(text)
    return [title for e in found for title in (e.link.title, *(other for other, _ in e.others))]


def rule(action: str, rest: str) -> str:
    return f'[[rule]]\naction = "{action}"\n{rest}\n'


def test_without_rules_everything_is_allowed(kb: KnowledgeBase, tmp_path: Path) -> None:
    assert meanings(kb, read(tmp_path, "")) == meanings(kb, DomainRules()) == ALL


@pytest.mark.parametrize(
    ("rest", "left"),
    [
        ('titles = ["Apple Inc."]', ["Apple Records", "Apple"]),
        ('titles = ["Apple Inc.", "Apple"]', ["Apple Records"]),
        ('title_pattern = "Rec|Inc"', ["Apple"]),
        ('title_pattern = "^Apple$"', ["Apple Inc.", "Apple Records"]),
        ('categories = ["British companies", "Fruits"]', ["Apple Inc."]),
        ('category_pattern = "companies$"', ["Apple"]),
        ('titles = ["Apple"]\ncategory_pattern = "^Tech"', ["Apple Records"]),
    ],
)
def test_block(kb: KnowledgeBase, tmp_path: Path, rest: str, left: list[str]) -> None:
    assert meanings(kb, read(tmp_path, rule("block", rest))) == left


@pytest.mark.parametrize(
    ("rest", "unmet"),
    [
        # A title and a category count letter by letter; what may be meant is said.
        ('titles = ["apple inc."]', "no entity 'apple inc.' (a name of 'Apple Inc.')"),
        ('titles = ["Apple Pie"]', "no entity 'Apple Pie'"),
        ('title_pattern = "^Pie"', "no title that '^Pie' matches"),
        ('categories = ["companies"]', "no category 'companies'"),
        ('category_pattern = "^comp"', "no category that '^comp' matches"),
        (
            f"titles = {[f'Pie {n}' for n in range(7)]}",
            "no entity 'Pie 0'; no entity 'Pie 1'; no entity 'Pie 2'; no entity 'Pie 3'; "
            "no entity 'Pie 4'; and 2 more",
        ),
    ],
)
def test_what_nothing_has_blocks_nothing_and_is_told(
    kb: KnowledgeBase, tmp_path: Path, rest: str, unmet: str
) -> None:
    with pytest.warns(UserWarning) as caught:
        assert meanings(kb, read(tmp_path, rule("block", rest))) == ALL
    (warning,) = caught
    assert str(warning.message) == f"rules that have no effect on {kb.folder}: {unmet}"


@pytest.mark.parametrize(
    ("rest", "left"),
    [
        ('titles = ["Apple"]', ["Apple"]),
        ('title_pattern = "Rec|Inc"', ["Apple Inc.", "Apple Records"]),
        ('categories = ["Record labels"]', ["Apple Records"]),
        ('category_pattern = "compan|Frui"', ALL),
    ],
)
def test_allow_among_what_is_blocked(
    kb: KnowledgeBase, tmp_path: Path, rest: str, left: list[str]
) -> None:
    rules = read(tmp_path, 'others = "block"\n' + rule("allow", rest))
    assert meanings(kb, rules) == left
    assert meanings(kb, rules, "Tim Cook") == [], "no rule allows him"


def test_all_others_are_blocked_even_without_a_rule(kb: KnowledgeBase, tmp_path: Path) -> None:
    assert meanings(kb, read(tmp_path, 'others = "block"')) == []
    allow = rule("allow", 'categories = ["Nothing of the kind"]')
    with pytest.warns(UserWarning, match="no category 'Nothing of the kind'"):
        assert meanings(kb, read(tmp_path, 'others = "block"\n' + allow)) == []


def test_later_rules_overrule_earlier_ones(kb: KnowledgeBase, tmp_path: Path) -> None:
    block = rule("block", 'category_pattern = "companies"')
    allow = rule("allow", 'titles = ["Apple Records"]')
    assert meanings(kb, read(tmp_path, block + allow)) == ["Apple Records", "Apple"]
    assert meanings(kb, read(tmp_path, allow + block)) == ["Apple"]


@pytest.mark.parametrize(
    ("factors", "shares"),
    [
        # Links 3 : 2 : 1, of which the second's are multiplied.
        ([1.4], {"Apple Inc.": 3 / 6.8, "Apple Records": 2.8 / 6.8, "Apple": 1 / 6.8}),
        ([1.6], {"Apple Records": 3.2 / 7.2, "Apple Inc.": 3 / 7.2, "Apple": 1 / 7.2}),
        ([1.4, 1.4], {"Apple Records": 3.92 / 7.92, "Apple Inc.": 3 / 7.92, "Apple": 1 / 7.92}),
        ([0.25], {"Apple Inc.": 3 / 4.5, "Apple": 1 / 4.5, "Apple Records": 0.5 / 4.5}),
        ([0], {"Apple Inc.": 3 / 4, "Apple": 1 / 4}),
    ],
)
def test_boosts_multiply_what_is_known_before(
    kb: KnowledgeBase, tmp_path: Path, factors: list[float], shares: dict[str, float]
) -> None:
    rest = 'titles = ["Apple Records"]\ntitle_pattern = "Records"'  # chosen twice, boosted once
    rules = read(tmp_path, "".join(rule("boost", f"{rest}\nfactor = {f}") for f in factors))
    (found,) = EntityRanker(kb, rules=rules, method="commonness", rho=0).explain("Apple")
    got = {found.link.title: found.link.score, **dict(found.others)}
    assert list(got) == list(shares)
    assert got == pytest.approx(shares)
    # It stays what it is: a count of links.
    assert found.link.commonness in (1 / 2, 1 / 3)


@pytest.mark.parametrize(
    ("method", "left"),
    [
        ("collective", "Apple"),  # it is this page's title
        ("tagme", None),  # nothing votes for the others
        ("commonness", "Apple Records"),
    ],
)
def test_every_method_keeps_to_the_rules(
    kb: KnowledgeBase, tmp_path: Path, method: str, left: str | None
) -> None:
    rules = read(tmp_path, rule("block", 'titles = ["Apple Inc."]'))

    def meaning(rules: DomainRules) -> str | None:
        ranker = EntityRanker(kb, rules=rules, method=method, rho=0)
        found = {x.mention: x.title for x in ranker.link("Tim Cook and Steve Jobs ran Apple.")}
        return found.get("Apple")

    assert meaning(DomainRules()) == "Apple Inc."
    assert meaning(rules) == left


def test_a_mention_whose_only_meaning_is_blocked_is_not_linked(
    kb: KnowledgeBase, tmp_path: Path
) -> None:
    rules = read(tmp_path, rule("block", 'categories = ["People"]'))
    ranker = EntityRanker(kb, rules=rules, rho=0)
    text = "Tim Cook runs Apple."
    assert [link.mention for link in ranker.link(text)] == ["Apple"]
    assert ranker.link_spans(text, [(0, 8)]) == [None]
    (apple,) = ranker.explain(text)
    assert apple.votes == [], "what is blocked has no vote"
    (apple,) = (e for e in EntityRanker(kb, rho=0).explain(text) if e.link.mention == "Apple")
    assert {vote.title for vote in apple.votes} == {"Tim Cook"}


def test_rules_know_added_entities(kb: KnowledgeBase, tmp_path: Path) -> None:
    overlay = Overlay.of([Alias("Apple", "Apple Pie"), Alias("Gala", "Apple Gala")], kb)

    def linked(text: str) -> list[str]:
        rules = read(tmp_path, text)
        ranker = EntityRanker(kb, overlay=overlay, rules=rules, method="commonness", rho=0)
        return [link.title for link in ranker.link("Apple, Gala")]

    assert linked("") == ["Apple Pie", "Apple Gala"]
    assert linked(rule("block", 'titles = ["Apple Pie"]')) == ["Apple Inc.", "Apple Gala"]
    assert linked(rule("block", 'title_pattern = "^Apple [GP]"')) == ["Apple Inc."]
    allowed = 'others = "block"\n' + rule("allow", 'titles = ["Apple Gala"]')
    assert linked(allowed) == ["Apple Gala"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("others =", "is no valid TOML: "),
        ('other = "block"', "unknown key 'other'; known are others and [[rule]]"),
        ('others = "boost"', "others is 'boost'; it must be allow or block"),
        ("rule = 5", "rule must be a list of tables; begin each with [[rule]]"),
        ("rule = [1]", "rule must be a list of tables; begin each with [[rule]]"),
        ('[rule]\naction = "block"', "rule must be a list of tables; begin each with [[rule]]"),
        ('[[rule]]\ntitles = ["A"]', "rule 1: action is None; it must be one of allow, block, bo"),
        (
            rule("allow", 'titles = ["A"]') + rule("forbid", 'titles = ["A"]'),
            "rule 2: action is 'forbid'; it must be one of allow, block, boost",
        ),
        (
            rule("block", 'title = "A"'),
            "rule 1: unknown key 'title'; known are action, factor, titles, title_pattern, ",
        ),
        (rule("block", ""), "rule 1: it names no entity; give one of titles, title_pattern, cat"),
        (rule("block", "titles = []"), "rule 1: it names no entity"),
        (rule("block", 'titles = "A"'), "rule 1: titles must be a list of texts"),
        (rule("block", "categories = [1]"), "rule 1: categories must be a list of texts"),
        (rule("block", "title_pattern = 5"), "rule 1: title_pattern must be a text"),
        (
            rule("block", 'category_pattern = "("'),
            "rule 1: category_pattern is '(', which is no regular expression: missing )",
        ),
        (
            rule("boost", 'titles = ["A"]'),
            "rule 1: action is boost; give a factor, above 1 to prefer",
        ),
        (
            rule("block", 'titles = ["A"]\nfactor = 2'),
            "rule 1: action is block; only boost has a factor",
        ),
        *(
            (
                rule("boost", f'titles = ["A"]\nfactor = {factor}'),
                "it must be a number from 0 to 1e+06",
            )
            for factor in ("-1", "nan", "inf", "true", '"2"', "1e9")
        ),
    ],
)
def test_wrong_rules(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError) as error:
        read(tmp_path, text)
    assert str(error.value).startswith(str(tmp_path / "rules.toml"))
    assert message in str(error.value)


def test_files_that_are_no_rules(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.toml does not exist; check the path"):
        DomainRules.read(tmp_path / "none.toml")
    with pytest.raises(InputError, match="is a folder; a file is expected"):
        DomainRules.read(tmp_path)
    (tmp_path / "latin.toml").write_bytes('others = "é"'.encode("latin-1"))
    with pytest.raises(InputError, match=r"latin\.toml is no valid TOML"):
        DomainRules.read(tmp_path / "latin.toml")
