# docker build -t ottla . && docker run -p 9092:9092 -v ottla:/var/lib/kafka/data ottla
# For several platforms: docker buildx build --platform linux/amd64,linux/arm64 -t ottla .
# The base must have Node 22 or later with npm, bash, and a user `node`; another one is taken with --build-arg BASE=…
ARG BASE=node:26-slim

FROM ${BASE} AS build
WORKDIR /build
COPY package.json package-lock.json ./
# Without scripts: this image has its own Node, and the one the checkout pins is for its own tests.
RUN npm ci --ignore-scripts
COPY . .
RUN node scripts/bundle.mjs
# Only what a broker and the scripts around it need goes into the image; that halves it.
RUN container/rootfs.sh /image \
 && mkdir -p /image/ottla /image/var/lib/kafka/data /image/mnt/shared/config /image/etc/kafka/secrets \
 && cp -r LICENSE bin dist /image/ottla/ \
 && cp -r container/root/. /image/ \
 && ln -s /ottla/bin/ottla.cjs /image/usr/local/bin/ottla \
 && container/names.sh /image \
 # What images of Kafka let their users change belongs to the user who runs this one.
 && chown -R node:node /image/var/lib/kafka /image/etc/kafka /image/etc/confluent /image/mnt/shared

FROM scratch
COPY --from=build /image /
ENV PATH=/usr/local/bin:/usr/bin:/bin NODE_ENV=production
# A first start leaves compiled code beside the bundle, so that those with a read-only root find it.
RUN timeout --signal=TERM 2 ottla start --memory --port 0; test $? = 124
USER node
WORKDIR /var/lib/kafka
VOLUME /var/lib/kafka/data
EXPOSE 9092
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=500ms --timeout=20s --start-period=10s --retries=3 CMD ["ottla-healthcheck"]
ENTRYPOINT ["ottla-entrypoint"]
CMD ["/etc/kafka/docker/run"]
