"""confluent-kafka's share consumer (librdkafka): accepts what is fine, releases what is to come again once, rejects the rest."""

import sys

from confluent_kafka import AcknowledgeType, ShareConsumer

bootstrap, group, topic, mode = sys.argv[1:5]
consumer = ShareConsumer(
    {"bootstrap.servers": bootstrap, "group.id": group, "share.acknowledgement.mode": mode}
)
consumer.subscribe([topic])
released = set()
left = {"fine", "again", "poison"} if mode == "explicit" else {"fine"}
while left:
    for message in consumer.poll(timeout=1.0):
        if message.error() is not None:
            raise SystemExit(str(message.error()))
        value = message.value().decode()
        print(value, flush=True)
        if mode == "implicit":
            left.discard(value)
        elif value == "again" and value not in released:
            released.add(value)
            consumer.acknowledge(message, AcknowledgeType.RELEASE)
        else:
            left.discard(value)
            rejects = value == "poison"
            consumer.acknowledge(message, AcknowledgeType.REJECT if rejects else AcknowledgeType.ACCEPT)
    for failure in consumer.commit_sync(timeout=30).values():
        if failure is not None:
            raise SystemExit(str(failure))
consumer.close()
