# The newsletter as an image; docs/how-to/deploy.md says how it is used.
ARG PYTHON=3.11

FROM python:${PYTHON}-slim AS build
WORKDIR /src
RUN python -m venv /opt/newsletter
COPY requirements-image.lock ./
RUN /opt/newsletter/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements-image.lock
# What changes least comes first: a change of the code does not install the libraries again.
COPY pyproject.toml README.md LICENSE CHANGELOG.md ./
COPY config config
COPY templates templates
COPY newsletter newsletter
RUN /opt/newsletter/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps --no-build-isolation .

FROM python:${PYTHON}-slim
# A number, so that Kubernetes can see that it is not root. Its folders are made before they are volumes: they are its own.
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /srv/newsletter --shell /usr/sbin/nologin newsletter
RUN install -d -o 10001 -g 10001 -m 700 /srv/newsletter /srv/newsletter/config /srv/newsletter/outbox /srv/newsletter/public
COPY --from=build /opt/newsletter /opt/newsletter
ENV PATH=/opt/newsletter/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /srv/newsletter
USER 10001:10001
VOLUME ["/srv/newsletter/config", "/srv/newsletter/outbox", "/srv/newsletter/public"]
EXPOSE 8080 9200
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/healthz', timeout=4)"]
ENTRYPOINT ["newsletter"]
CMD ["serve", "--host", "0.0.0.0", "--metrics", "0.0.0.0:9200", "--log", "json"]
