# tailnas with libtorch and its engine: docs/install.md says how to use it. Not built where it was written.
FROM node:24-bookworm-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends g++ ca-certificates && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN npm ci && npm pack --pack-destination /tmp
WORKDIR /app
RUN npm init -y >/dev/null && npm install --ignore-scripts --no-audit --no-fund /tmp/tailnas-*.tgz
ENV TAILNAS_CACHE=/app/cache
RUN npx tailnas setup

FROM node:24-bookworm-slim
COPY --from=build --chown=node:node /app /app
ENV TAILNAS_CACHE=/app/cache PATH=/app/node_modules/.bin:$PATH
USER node
WORKDIR /runs
VOLUME ["/data", "/runs"]
ENTRYPOINT ["tailnas"]
CMD ["--help"]
