# docker build -t ottla . && docker run -p 9092:9092 -v ottla:/data ottla
# Both stages take another base with --build-arg BASE=…; it needs Node 20 or later and a user called `node`.
ARG BASE=node:26-alpine

FROM ${BASE} AS build
WORKDIR /build
COPY package.json package-lock.json ./
# Without scripts: this image has its own Node, and the one the checkout pins is for other C libraries.
RUN npm ci --ignore-scripts
COPY . .
RUN node scripts/bundle.mjs

FROM ${BASE}
ENV NODE_ENV=production
WORKDIR /ottla
COPY LICENSE ./
COPY bin bin
COPY --from=build /build/dist dist
RUN mkdir /data && chown node:node /data && ln -s /ottla/bin/ottla.cjs /usr/local/bin/ottla
USER node
VOLUME /data
EXPOSE 9092
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=3s --start-period=10s CMD ["node", "/ottla/bin/ottla.cjs", "healthcheck", "127.0.0.1:9092"]
ENTRYPOINT ["node", "/ottla/bin/ottla.cjs"]
CMD ["--dir", "/data"]
