#!/bin/sh
# names.sh DIR: gives the tools in DIR the names and places that images of Kafka have them at, for health checks, init
# containers and scripts: kafka-topics and kafka-topics.sh, in the path, in /opt/kafka/bin and where Bitnami keeps them.
set -eu
root=$1
mkdir -p "$root/usr/bin" "$root/opt/kafka/bin" "$root/opt/bitnami/kafka" "$root/opt/bitnami/scripts/kafka"

for name in kafka-acls kafka-broker-api-versions kafka-cluster kafka-configs kafka-console-consumer kafka-console-producer \
  kafka-console-share-consumer kafka-consumer-groups kafka-delegation-tokens kafka-get-offsets kafka-leader-election kafka-log-dirs kafka-metadata-quorum kafka-ready \
  kafka-reassign-partitions kafka-share-groups kafka-topics; do
  for place in "usr/bin/$name" "usr/bin/$name.sh" "opt/kafka/bin/$name" "opt/kafka/bin/$name.sh"; do
    ln -s /usr/local/bin/ottla-tool "$root/$place"
  done
done
for name in cub nc; do ln -s /usr/local/bin/ottla-tool "$root/usr/bin/$name"; done
for name in kafka-storage zookeeper-server-start kafka-server-start; do
  for place in "usr/local/bin/$name.sh" "opt/kafka/bin/$name" "opt/kafka/bin/$name.sh"; do
    ln -s "/usr/local/bin/$name" "$root/$place"
  done
done
ln -s /opt/kafka/bin "$root/opt/bitnami/kafka/bin"
ln -s /etc/kafka/docker/run "$root/opt/bitnami/scripts/kafka/run.sh"
ln -s /usr/local/bin/ottla-entrypoint "$root/opt/bitnami/scripts/kafka/entrypoint.sh"
