/** kafkajs as applications use it: a producer that repeats what was not acknowledged, and a group's consumer; both stay as they are. */
import { Kafka, logLevel, type Consumer, type Producer } from 'kafkajs';
import { setTimeout as wait } from 'node:timers/promises';

const PAUSE_MS = 10;
const RETRY = { initialRetryTime: 20, maxRetryTime: 200, retries: 100 };

export class JoinedClients {
  readonly acknowledged: string[] = [];
  readonly consumed = new Set<string>();
  readonly #topic: string;
  readonly #producer: Producer;
  readonly #consumer: Consumer;
  #producing: Promise<void> | null = null;
  #isOver = false;

  constructor(address: string, topic: string) {
    const kafka = new Kafka({ clientId: 'app', brokers: [address], logLevel: logLevel.NOTHING, retry: RETRY });
    this.#topic = topic;
    this.#producer = kafka.producer({ metadataMaxAge: 1000 });
    this.#consumer = kafka.consumer({
      groupId: `of-${topic}`,
      heartbeatInterval: 200,
      maxWaitTimeInMs: 200,
      metadataMaxAge: 1000,
    });
  }

  async start(): Promise<void> {
    await this.#producer.connect();
    await this.#consumer.connect();
    await this.#consumer.subscribe({ topic: this.#topic, fromBeginning: true });
    await this.#consumer.run({ eachMessage: async ({ message }) => void this.consumed.add(String(message.value)) });
    this.#producing = this.#produce();
  }

  /** What was acknowledged and has not come to the consumer. */
  missing(): string[] {
    return this.acknowledged.filter((value) => !this.consumed.has(value));
  }

  async endProducing(): Promise<void> {
    this.#isOver = true;
    await this.#producing;
  }

  async stop(): Promise<void> {
    await this.endProducing();
    await Promise.all([this.#producer.disconnect(), this.#consumer.disconnect()]);
  }

  async #produce(): Promise<void> {
    for (let serial = 0; !this.#isOver; serial++) {
      const value = `value ${serial}`;
      const messages = [{ value, partition: serial % 2 }];
      while (!this.#isOver) {
        const isDone = await this.#producer.send({ topic: this.#topic, acks: -1, messages }).then(
          () => true,
          () => false,
        );
        if (isDone) this.acknowledged.push(value);
        await wait(PAUSE_MS);
        if (isDone) break;
      }
    }
  }
}
