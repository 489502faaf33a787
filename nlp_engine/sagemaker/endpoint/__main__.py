"""The container's command `serve`, as `python -m nlp_engine.sagemaker.endpoint`."""

from nlp_engine.sagemaker.endpoint.container import container_main

if __name__ == "__main__":
    container_main()
