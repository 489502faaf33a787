"""`python -m nlp_engine` is `nlp-engine`."""

from nlp_engine.cli import main

main()
