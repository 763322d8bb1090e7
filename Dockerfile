# One image for web and worker; compose.yaml says which is which.
FROM python:3.11-slim

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /app

COPY requirements.lock ./
RUN pip install --require-hashes -r requirements.lock

COPY manage.py gunicorn.conf.py ./
COPY syncportal ./syncportal
COPY apps ./apps
COPY templates ./templates
COPY static ./static

RUN useradd --system --create-home syncportal
USER syncportal
ENV SYNCPORTAL_DATA=/home/syncportal/var

EXPOSE 8000
CMD ["gunicorn", "syncportal.wsgi", "--bind", "0.0.0.0:8000", "--workers", "2", "--threads", "4", "--log-level", "warning"]
