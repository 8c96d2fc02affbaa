# One image for every service of docker-compose.yml: Airflow with podwatch, its DAGs and its plugin, from uv.lock.
ARG PYTHON_IMAGE=python:3.11-slim

FROM ${PYTHON_IMAGE} AS build
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python3 -m venv /uv && /uv/bin/pip install --no-cache-dir --quiet "uv>=0.9,<1"
WORKDIR /app
# The dependencies first, then podwatch: a change in podwatch rebuilds the second layer only.
COPY pyproject.toml uv.lock ./
RUN /uv/bin/uv sync --frozen --no-cache --extra scale --extra entities --no-default-groups --no-install-project --python python3
COPY README.md LICENSE ./
COPY pipeline ./pipeline
RUN /uv/bin/uv sync --frozen --no-cache --extra scale --extra entities --no-default-groups --python python3

FROM ${PYTHON_IMAGE}
LABEL org.opencontainers.image.title="podwatch" \
      org.opencontainers.image.licenses="Apache-2.0"
# The folders exist here so that a fresh volume belongs to the user who writes into it.
RUN useradd --uid 10001 --gid 0 --no-create-home --home-dir /var/lib/podwatch podwatch \
    && install -d -o 10001 -g 0 -m 0770 /var/lib/podwatch /var/lib/podwatch/logs /var/lib/podwatch/airflow \
        /var/lib/podwatch/login
COPY --from=build /app /app
COPY dags /app/dags
COPY plugins /app/plugins
COPY seeds /app/seeds
COPY scripts/compose_init.py scripts/health.py /app/scripts/
ENV PATH=/app/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PODWATCH_HOME=/var/lib/podwatch \
    AIRFLOW_HOME=/var/lib/podwatch/airflow \
    AIRFLOW__CORE__DAGS_FOLDER=/app/dags \
    AIRFLOW__CORE__PLUGINS_FOLDER=/app/plugins \
    AIRFLOW__CORE__LOAD_EXAMPLES=False \
    AIRFLOW__LOGGING__BASE_LOG_FOLDER=/var/lib/podwatch/logs
WORKDIR /app
USER 10001:0
CMD ["airflow", "version"]
