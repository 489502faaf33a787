"""Feed the wikitext scanner whatever bytes coverage guides to, and compare with its reference.

    .venv/bin/pip install atheris        # wheels for Linux; not needed by the tests
    PYTHONPATH=. .venv/bin/python scripts/fuzz/wikitext.py -max_total_time=600 CORPUS_FOLDER

The reference is instrumented, so its branches guide the search; the compiled scanner must agree
with it. The first byte chooses the wiki and the options, the rest is wikitext; the same bytes go to
`extract()` as a block of XML, raw and inside of a page. A failure is written to `crash-…`: make it
small with `-minimize_crash=1 -runs=100000` and put it into tests/data/wikitext, where the tests
replay it.
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["tests.wiki.reference"]):
    from tests.wiki.replay import check

# What the search puts in: libFuzzer finds single bytes soon, and words hardly ever.
WORDS = """
    [[ ]] {{ }} {| |} {{{ }}} || !! |- |+ [[a| [[b]] {{x}} [[File:a|thumb| [[Category: [[:
    [[fr: [[wikt: Template: <ref> <ref/> </ref> <nowiki> </nowiki> <pre> </pre> <!-- -->
    <br> <table> </table> <math> </math> ''' '' ''''' == ---- [http://x http://x // __TOC__
    {{nowrap| {{convert|5| {{lang|fr| {{formatnum:1 {{plural:3| {{transl|x| 2= text= %C3%A9
    -{ }- -{zh-hans: -{T| &amp; &nbsp; &#1; &#x41; <page> </page> <title>a</title>
    <ns>0</ns> <id>1</id> <text> </text> （ ） ， 日 é
    """.split()


def mutate(data: bytes, longest: int, seed: int) -> bytes:
    """libFuzzer's own mutation, or a word put in somewhere."""
    if seed % 2:
        return atheris.Mutate(data, longest)
    place = (seed >> 1) % (len(data) + 1)
    word = WORDS[(seed >> 9) % len(WORDS)].encode() + (b"\n" if seed % 3 == 0 else b"")
    return (data[:place] + word + data[place:])[:longest]


if __name__ == "__main__":
    atheris.Setup(
        sys.argv, check, custom_mutator=lambda data, longest, seed: mutate(data, longest, seed)
    )
    atheris.Fuzz()
