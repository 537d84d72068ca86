import { Kafka, logLevel, type Consumer, type KafkaConfig, type Producer } from 'kafkajs';
import type { TestBroker } from '../../src/testing/index.ts';

/** kafkajs as an application would use it, quiet and quick to try again. */
export function client(broker: TestBroker, clientId = 'app', options: Partial<KafkaConfig> = {}): Kafka {
  return new Kafka({
    clientId,
    brokers: broker.bootstrapBrokers,
    logLevel: logLevel.NOTHING,
    retry: { initialRetryTime: 10, maxRetryTime: 50, retries: 20 },
    ...options,
  });
}

export class Clients implements AsyncDisposable {
  readonly #open: { disconnect(): Promise<void> }[] = [];

  async producer(
    broker: TestBroker,
    options: Parameters<Kafka['producer']>[0] = {},
    clientId?: string,
  ): Promise<Producer> {
    const producer = client(broker, clientId).producer(options);
    this.#open.push(producer);
    await producer.connect();
    return producer;
  }

  /** A consumer that notes the values it is given. */
  async consumer(broker: TestBroker, groupId: string, topic: string, values: string[] = []): Promise<Consumer> {
    const consumer = client(broker).consumer({ groupId, heartbeatInterval: 100, maxWaitTimeInMs: 100 });
    this.#open.push(consumer);
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({ eachMessage: async ({ message }) => void values.push(String(message.value)) });
    return consumer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#open.splice(0).map((one) => one.disconnect()));
  }
}
