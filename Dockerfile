# One image for every service of docker-compose.yml: Airflow with podwatch, its DAGs and its plugin, from uv.lock.
#
#   docker build -t podwatch:local .
#   docker build -t podwatch:speech --build-arg EXTRAS="scale entities speech" .        with what hears audio
#   docker buildx build --platform linux/amd64,linux/arm64 ...                          every package has wheels for both
#
# BASE: a Debian with python3 (3.11 or newer) and venv. Pin it by digest where builds have to be the same for years.
# The layers, from those that seldom change: the base, the packages of uv.lock, podwatch itself (a few MB).
ARG BASE=python:3.11.14-slim-bookworm

# The packages. Nothing of podwatch's own code is here, so that a change in it leaves this layer as it is.
FROM ${BASE} AS packages
ARG EXTRAS="scale entities"
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never UV_NO_CACHE=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python3 -m venv /uv && /uv/bin/pip install --no-cache-dir --quiet "uv>=0.9,<1"
WORKDIR /app
COPY pyproject.toml uv.lock ./
RUN for extra in ${EXTRAS}; do set -- "$@" --extra "$extra"; done \
    && /uv/bin/uv sync --frozen --no-default-groups --no-install-project --python python3 "$@" \
    && /uv/bin/uv pip check \
    && find .venv -type d \( -name tests -o -name test \) -path '*/site-packages/*/*' \
        \( -path '*/numpy/*' -o -path '*/spacy/*' -o -path '*/thinc/*' -o -path '*/blis/*' -o -path '*/sqlalchemy/*' \) \
        -prune -exec rm -rf {} + \
    && echo /app/lib >"$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/podwatch.pth"

# podwatch: its wheel beside the packages, in a folder of its own.
FROM packages AS podwatch
COPY README.md LICENSE ./
COPY pipeline ./pipeline
COPY plugins ./plugins
COPY dags ./dags
RUN /uv/bin/uv pip install --no-deps --target /app/lib --python .venv/bin/python . \
    && .venv/bin/python -m compileall -q lib

FROM ${BASE}
ARG VERSION=0.1.0
ARG REVISION=unknown
# Every folder that is written to exists here, so that a fresh volume belongs to those who write: user 10001, or any
# other (AIRFLOW_UID) of group 0.
RUN useradd --uid 10001 --gid 0 --no-create-home --home-dir /var/lib/podwatch podwatch \
    && install -d -o 10001 -g 0 -m 2770 /var/lib/podwatch /var/lib/podwatch/logs /var/lib/podwatch/airflow \
        /var/lib/podwatch/data /var/lib/podwatch/login /run/podwatch/demo /backups \
    && install -d -o 0 -g 0 -m 0755 /run/podwatch/airflow /run/podwatch/line /app/site /app/site/dags
COPY --from=packages /app/.venv /app/.venv
COPY --from=podwatch /app/lib /app/lib
COPY dags /app/dags
# The plugin is in the wheel; here is the cluster policy alone, for the Airflow that podwatch brings itself.
COPY plugins/airflow_local_settings.py /app/plugins/
COPY seeds /app/seeds
COPY scripts/compose_*.py scripts/health.py scripts/sample_server.py scripts/terminal.py /app/scripts/
# airflow, podwatch, celery and python by their names find the secrets, too: in health checks and in `docker compose exec`.
COPY scripts/compose_entrypoint.sh /app/bin/entrypoint
RUN cd /app/bin && for name in airflow podwatch celery; do ln -s entrypoint "$name"; done
ENV PATH=/app/bin:/app/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HOME=/tmp \
    USER=podwatch \
    PODWATCH_HOME=/var/lib/podwatch/data \
    AIRFLOW_HOME=/var/lib/podwatch/airflow \
    AIRFLOW__CORE__DAGS_FOLDER=/app/dags \
    AIRFLOW__CORE__PLUGINS_FOLDER=/app/plugins \
    AIRFLOW__CORE__LOAD_EXAMPLES=False \
    AIRFLOW__LOGGING__BASE_LOG_FOLDER=/var/lib/podwatch/logs
LABEL org.opencontainers.image.title="podwatch" \
      org.opencontainers.image.description="Finds who and what is said in podcasts, and tells Slack once" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
WORKDIR /app
USER 10001:0
# What is checked follows from what runs: an Airflow component, a worker, the page, the buttons.
HEALTHCHECK --interval=30s --timeout=20s --start-period=90s --retries=4 CMD ["python", "/app/scripts/health.py"]
ENTRYPOINT ["/app/bin/entrypoint"]
CMD ["airflow", "version"]
