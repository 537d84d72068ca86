/** Real clients that write until their broker dies, and note what it acknowledged. Nothing is sent twice by ourselves. */
import { Producer, stringSerializers } from '@platformatic/kafka';
import { Kafka, logLevel } from 'kafkajs';
import { librdkafka } from '../clients/librdkafka.ts';

export type Acknowledged = (topic: string, partition: number, offset: number, value: string) => void;

export interface Writing {
  /** Called when the broker is dead; answers how many records it had acknowledged. */
  stop(): Promise<number>;
}

export interface Writer {
  readonly topic: string;
  write(broker: string, round: number, acknowledged: Acknowledged): Writing;
}

/** Sends one batch, and answers the offset of its first record. */
interface Sender {
  send(partition: number, values: readonly string[]): Promise<number>;
  close(): Promise<unknown>;
}

const LANES = 3;

/** `most` records a batch. */
function writer(topic: string, partitions: number, most: number, open: (broker: string) => Promise<Sender>): Writer {
  return {
    topic,
    write(broker, round, acknowledged) {
      let isDead = false;
      let count = 0;
      let serial = 0;
      const lane = async (sender: Sender, partition: number): Promise<void> => {
        for (const isAlive = () => !isDead; isAlive();) {
          const values = Array.from(
            { length: 1 + (serial % most) },
            () => `${topic}/${round}/${serial++}/${'x'.repeat(serial % 700)}`,
          );
          const offset = await sender.send(partition, values);
          for (const [i, value] of values.entries()) acknowledged(topic, partition, offset + i, value);
          count += values.length;
        }
      };
      const work = async (): Promise<void> => {
        const sender = await open(broker);
        await Promise.allSettled(Array.from({ length: LANES }, (_, i) => lane(sender, i % partitions)));
        await Promise.race([sender.close().catch(() => {}), wait(500)]);
      };
      const working = work().catch(() => {});
      return {
        async stop() {
          isDead = true;
          await Promise.race([working, wait(1500)]);
          return count;
        },
      };
    },
  };
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function kafkajs(idempotent: boolean, topic: string): (broker: string) => Promise<Sender> {
  return async (broker) => {
    const kafka = new Kafka({
      clientId: topic,
      brokers: [broker],
      logLevel: logLevel.NOTHING,
      retry: { retries: 0 },
      connectionTimeout: 500,
    });
    const producer = kafka.producer({
      idempotent,
      retry: { retries: idempotent ? 1 : 0 },
      maxInFlightRequests: idempotent ? 1 : 5,
    });
    await producer.connect();
    return {
      async send(partition, values) {
        const [{ baseOffset }] = await producer.send({
          topic,
          acks: -1,
          messages: values.map((value) => ({ partition, value })),
        });
        return Number(baseOffset);
      },
      close: () => producer.disconnect(),
    };
  };
}

function platformatic(topic: string): (broker: string) => Promise<Sender> {
  return async (broker) => {
    const producer = new Producer({
      clientId: topic,
      bootstrapBrokers: [broker],
      serializers: stringSerializers,
      retries: 0,
      connectTimeout: 500,
    });
    producer.on('error', () => {});
    return {
      async send(partition, values) {
        const { offsets } = await producer.send({
          acks: -1,
          messages: values.map((value) => ({ topic, partition, value })),
        });
        return Number(offsets![0].offset);
      },
      close: () => producer.close(true),
    };
  };
}

function rdkafka(library: NonNullable<typeof librdkafka>, topic: string): (broker: string) => Promise<Sender> {
  return async (broker) => {
    const kafka = new library.KafkaJS.Kafka({
      kafkaJS: { clientId: topic, brokers: [broker], logLevel: library.KafkaJS.logLevel.NOTHING },
    });
    const producer = kafka.producer({
      kafkaJS: { acks: -1, idempotent: true },
      'linger.ms': 1,
      'message.timeout.ms': 1000,
    });
    await producer.connect();
    return {
      async send(partition, values) {
        const [{ baseOffset }] = await producer.send({ topic, messages: [{ partition, value: values[0] }] });
        return Number(baseOffset);
      },
      close: () => producer.disconnect(),
    };
  };
}

/** One of each client there is; librdkafka where it can be loaded. */
export async function writers(partitions: number): Promise<Writer[]> {
  const all = [
    writer('kafkajs', partitions, 4, kafkajs(false, 'kafkajs')),
    writer('kafkajs-idempotent', partitions, 4, kafkajs(true, 'kafkajs-idempotent')),
    writer('platformatic', partitions, 4, platformatic('platformatic')),
  ];
  if (librdkafka !== null) all.push(writer('librdkafka', partitions, 1, rdkafka(librdkafka, 'librdkafka')));
  return all;
}
