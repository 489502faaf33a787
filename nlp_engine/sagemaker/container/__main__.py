"""`python -m nlp_engine.sagemaker.container`: the command `train`."""

from nlp_engine.sagemaker.container.process import main

main()
