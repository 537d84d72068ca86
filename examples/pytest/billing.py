"""Writes an invoice for each order."""

import json
import threading

from kafka import KafkaConsumer, KafkaProducer


class Billing:
    def __init__(self, bootstrap_servers):
        self.producer = KafkaProducer(bootstrap_servers=bootstrap_servers, retries=5, retry_backoff_ms=50)
        self.consumer = KafkaConsumer(
            "orders", bootstrap_servers=bootstrap_servers, group_id="billing", auto_offset_reset="earliest"
        )
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        while not self.stopping.is_set():
            for records in self.consumer.poll(timeout_ms=100).values():
                for record in records:
                    order = json.loads(record.value)
                    invoice = {"order": order["id"], "total": order["price"] * order["count"]}
                    self.producer.send("invoices", json.dumps(invoice).encode(), key=str(order["id"]).encode())
                self.producer.flush()
                self.consumer.commit()

    def stop(self):
        self.stopping.set()
        self.thread.join()
        self.consumer.close()
        self.producer.close()
