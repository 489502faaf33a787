"""How well and how fast entities are linked.

    python scripts/bench/entities.py [--only PART…] [--scale 1.0]

`pprforned`: disambiguation of all mentions of AIDA-CoNLL among given candidates, beside
personalised PageRank as published (Pershina et al., NAACL 2015); nothing is learned from the
answers. `russir`: commonness on 20 snippets beside the published scores. `links`: links of articles
that are held out, on four small wikis. `similarity`: whether comparing texts with candidates, by
word vectors or by words of linked titles, helps there. `speed`: texts of 200 words with the largest
of them. `large`: a made-up knowledge base of full English Wikipedia's size (see
`entities_large.py`; it takes 20 GB of disk and half an hour). The data is the development data's
(NLP_ENGINE_DATA). For `speed` and `large` the machine should be quiet.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import entities_large
import entities_links
import entities_pprforned
import entities_russir
import entities_similarity
import entities_speed
from quality_corpora import data_folder


def main() -> None:
    """Print the tables of all parts, or of those that are named."""
    parts: dict[str, Callable[[argparse.Namespace], None]] = {
        "pprforned": lambda a: entities_pprforned.table(a.data / "entities" / "pprforned"),
        "russir": lambda a: entities_russir.table(a.data / "entities" / "russir2016"),
        "links": lambda a: entities_links.table(a.data, a.cache),
        "similarity": lambda a: entities_similarity.table(a.data, a.cache),
        "speed": lambda a: entities_speed.table(a.data, a.cache),
        "large": lambda a: entities_large.table(a.cache, a.scale),
    }
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="+", choices=parts, default=list(parts), metavar="PART")
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache/nlp_engine/bench")
    parser.add_argument("--data", type=Path, default=data_folder(), help=argparse.SUPPRESS)
    parser.add_argument("--scale", type=float, default=1.0, help="of `large`")
    arguments = parser.parse_args()
    for name in arguments.only:
        parts[name](arguments)
        print(flush=True)


if __name__ == "__main__":
    main()
