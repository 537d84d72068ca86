import os

from kafka import KafkaConsumer, KafkaProducer
from testcontainers.community.kafka import KafkaContainer

for with_kraft in (False, True):
    container = KafkaContainer(os.environ["OTTLA_IMAGE"])
    if with_kraft:
        container = container.with_kraft()
    with container:
        servers = container.get_bootstrap_server()
        producer = KafkaProducer(bootstrap_servers=servers)
        producer.send("greetings", b"hello").get(timeout=30)
        producer.close()
        consumer = KafkaConsumer(
            "greetings", bootstrap_servers=servers, group_id="readers", auto_offset_reset="earliest"
        )
        print("read back:", next(consumer).value.decode())
        consumer.close()
