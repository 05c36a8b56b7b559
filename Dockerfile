# syntax=docker/dockerfile:1
# The server for production: needs DATABASE_URL, JWT_SECRET_KEY, DATA_ENCRYPTION_KEYS and PUBLIC_URL, and REDIS_URL when
# there are several.

FROM python:3.13-slim AS build
WORKDIR /app
COPY requirements.lock ./
RUN python -m venv .venv && .venv/bin/pip install --no-cache-dir --no-deps --require-hashes --requirement requirements.lock
COPY pyproject.toml README.md hypercorn.toml ./
COPY lyo_rt lyo_rt
COPY actors actors
COPY api api
COPY migrations migrations
RUN .venv/bin/pip install --no-cache-dir --no-deps --no-build-isolation --editable . \
    && python -m compileall -q lyo_rt actors api migrations

FROM python:3.13-slim
RUN useradd --system --uid 10001 --home-dir /app lyo && install --directory --owner lyo /data
COPY --from=build /app /app
WORKDIR /app
USER lyo
ENV ENVIRONMENT=production HOST=0.0.0.0 PORT=8080 LYO_DATA_DIR=/data PYTHONUNBUFFERED=1
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
    CMD ["/app/.venv/bin/python", "-c", "import os, urllib.request as u; u.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/v1/health/live', timeout=2)"]
ENTRYPOINT ["/app/.venv/bin/lyo-rt"]
CMD ["serve"]
