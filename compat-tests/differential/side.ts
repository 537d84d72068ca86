/** One broker during one case in one version: what the case asks of it, and the record of what it answered. */
import { setTimeout as wait } from 'node:timers/promises';
import {
  CreateTopics,
  DeleteTopics,
  InitProducerId,
  ListOffsets,
  Metadata,
  Produce,
} from '../../protocol/apis/index.ts';
import { connect, ConnectionClosed, type Client } from '../../protocol/client.ts';
import { requestCodec, responseCodec } from '../../protocol/compile.ts';
import { readResponseHeader, writeRequestHeader } from '../../protocol/header.ts';
import { Reader } from '../../protocol/reader.ts';
import { crc32c } from '../../protocol/records/crc32c.ts';
import { encodeBatch, type BatchDraft } from '../../protocol/records/encode.ts';
import { ZERO_UUID } from '../../protocol/schema.ts';
import type { Api, Draft, Fields, Values } from '../../protocol/schema.ts';
import { Writer } from '../../protocol/writer.ts';
import { normalised, type Plain } from './normalise.ts';
import { until } from './warm-up.ts';

/** The version has no way to say this: null where it knows none. The case does not exist in it. */
export class Unsayable extends Error {}

export interface Place {
  readonly bootstrap: string;
  readonly nodeId: number;
  /** Stands in every name. */
  readonly run: string;
}

export interface TopicOptions {
  readonly partitions?: number;
  readonly configs?: Readonly<Record<string, string>>;
}

export interface Topic {
  readonly name: string;
  readonly topicId: string;
}

const PATIENCE_MS = 10_000;
const DEADLINE = { timeoutMs: 30_000 };

export class Side<Req extends Fields = Fields, Res extends Fields = Fields> {
  readonly api: Api<Req, Res>;
  readonly version: number;
  readonly nodeId: number;
  readonly answers: Plain[] = [];
  /** When the run began, the same for both brokers; milliseconds. */
  readonly startedMs: number;
  readonly #place: Place;
  readonly #prefix: string;
  readonly #clients = new Map<string, Promise<Client>>();
  readonly #topicIds = new Map<string, string>();
  readonly #producerIds = new Set<number>();
  #markers = 0;

  constructor(place: Place, api: Api<Req, Res>, version: number, caseName: string) {
    this.#place = place;
    this.api = api;
    this.version = version;
    this.nodeId = place.nodeId;
    this.startedMs = parseInt(place.run, 36);
    const serial = crc32c(Buffer.from(caseName), 0, caseName.length).toString(36);
    this.#prefix = `d${place.run}-${api.key}-${serial}-v${version}`;
  }

  /** Sends the case's API in the case's version; the answer is compared. With `from`, through another connection. */
  async ask(draft: Draft<Req>, from = 'one'): Promise<Values<Res> | null> {
    return this.askOf(this.api, this.version, draft, from);
  }

  /** The same for any API: for the consequences of what was asked before. */
  async askOf<Q extends Fields, S extends Fields>(
    api: Api<Q, S>,
    version: number,
    draft: Draft<Q>,
    from = 'one',
  ): Promise<Values<S> | null> {
    const answer = await this.#exchange(api, version, draft, from);
    this.record(typeof answer === 'string' ? answer : this.#own(answer));
    return typeof answer === 'string' ? null : answer;
  }

  /** Sends what only prepares the case, in the newest version; the answer is not compared. */
  async send<Q extends Fields, S extends Fields>(api: Api<Q, S>, draft: Draft<Q>, from = 'one'): Promise<Values<S>> {
    const answer = await this.#exchange(api, api.versions.last, draft, from);
    if (typeof answer === 'string') throw new Error(`${api.name} to prepare the case: ${answer}`);
    return answer;
  }

  /** As ask, but nothing is compared unless the case records it. */
  async look(draft: Draft<Req>): Promise<Values<Res> | null> {
    const answer = await this.#exchange(this.api, this.version, draft, 'one');
    if (typeof answer === 'string') this.record(answer);
    return typeof answer === 'string' ? null : answer;
  }

  /** Sends bytes as a request (header and body), and reads the answer as one of the case's API in `version`. */
  async askRaw(contents: Uint8Array, version = this.version): Promise<Values<Res> | null> {
    const client = await this.#client('one');
    const answer = await this.#patiently(client.sendRaw(contents), 'one');
    if (typeof answer === 'string') {
      this.record(answer);
      return null;
    }
    const reader = new Reader(answer);
    readResponseHeader(reader, this.api, version);
    return responseCodec(this.api, version).decode(reader);
  }

  /** The request as bytes, header included, for cases that damage it. */
  encode(draft: Draft<Req>, version = this.version): Buffer {
    const writer = new Writer();
    writeRequestHeader(writer, this.api, version, 1, 'differential');
    encoded(() => requestCodec(this.api, version).encode(writer, draft));
    return writer.finish();
  }

  record(answer: unknown): void {
    this.answers.push(
      normalised(answer, {
        nodeId: this.nodeId,
        topicIds: this.#topicIds,
        producerIds: this.#producerIds,
        prefix: `${this.#prefix}-`,
      }),
    );
  }

  /** As record, of what the case itself has made. */
  recordOwn(answer: object): void {
    this.record(this.#own(answer));
  }

  /** A name that no other case, version or run has; the same on both brokers. */
  name(word: string): string {
    return `${this.#prefix}-${word}`;
  }

  /** Creates a topic and waits until the broker leads its partitions. */
  async topic(word = 'topic', { partitions = 1, configs = {} }: TopicOptions = {}): Promise<Topic> {
    const name = this.name(word);
    const {
      topics: [created],
    } = await this.send(CreateTopics, {
      topics: [
        {
          name,
          numPartitions: partitions,
          replicationFactor: 1,
          assignments: [],
          configs: Object.entries(configs).map(([key, value]) => ({ name: key, value })),
        },
      ],
    });
    if (created.errorCode !== 0) throw new Error(`no topic for the case: ${created.errorCode} ${created.errorMessage}`);
    this.#topicIds.set(created.topicId, name);
    const asked = Array.from({ length: partitions }, (_, partitionIndex) => ({ partitionIndex, timestamp: -1 }));
    await until(async () => {
      const answer = await this.send(ListOffsets, { replicaId: -1, topics: [{ name, partitions: asked }] });
      return answer.topics[0].partitions.every(({ errorCode }) => errorCode === 0);
    });
    return { name, topicId: created.topicId };
  }

  /** Learns the id of a topic that the case created itself. */
  async learn(name: string): Promise<Topic> {
    const {
      topics: [found],
    } = await this.send(Metadata, { topics: [{ name }], allowAutoTopicCreation: false });
    this.#topicIds.set(found.topicId, name);
    return { name, topicId: found.topicId };
  }

  /** Appends batches to a topic, and fails unless the broker takes them. */
  async append({ name, topicId }: Topic, index: number, ...drafts: BatchDraft[]): Promise<void> {
    for (const draft of drafts) {
      const topicData = [{ name, topicId, partitionData: [{ index, records: encodeBatch(draft) }] }];
      const answer = await this.send(Produce, { acks: -1, topicData, ...DEADLINE });
      const { errorCode } = answer.responses[0].partitionResponses[0];
      if (errorCode !== 0) throw new Error(`no records for the case: error ${errorCode}`);
    }
  }

  /** A producer id of the broker's own. */
  async producerId(): Promise<number> {
    const { producerId } = await this.send(InitProducerId, { transactionalId: null, transactionTimeoutMs: 1000 });
    this.knowProducer(producerId);
    return producerId;
  }

  /** From now on a producer id of the broker's own choice has a name. */
  knowProducer(producerId: number): void {
    if (producerId >= 0) this.#producerIds.add(producerId);
  }

  /** Waits until what was changed before is seen by all parts of the broker: changes of metadata arrive in order. */
  async settled(): Promise<void> {
    await this.topic(`marker-${this.#markers++}`);
  }

  /** Deletes the topics of the case, so that a broker bears many runs. */
  async close(): Promise<void> {
    const topics = [...this.#topicIds.values()].filter((name) => name.startsWith(this.#prefix));
    if (topics.length > 0) {
      const named = topics.map((name) => ({ name, topicId: ZERO_UUID }));
      await this.#exchange(DeleteTopics, 6, { topics: named, ...DEADLINE }, 'clean-up').catch(() => {});
    }
    const clients = await Promise.allSettled(this.#clients.values());
    for (const client of clients) if (client.status === 'fulfilled') await client.value.close();
  }

  /** Lists of all there is hold only what this case made. */
  #own(answer: object): unknown {
    const isMine = (value: unknown): boolean => {
      if (typeof value !== 'object' || value === null) return true;
      const { name, topic, groupId, transactionalId, resourceName, resourceType } = value as Record<string, unknown>;
      const label =
        name ??
        topic ??
        groupId ??
        transactionalId ??
        (resourceType === 2 || resourceType === 32 ? resourceName : undefined);
      if (label === '__share_group_state' || label === '__transaction_state') return false; // made when first used
      if (groupId === '') return false; // whoever committed offsets to it
      return (
        typeof label !== 'string' ||
        !/^(d[0-9a-z]{8}-\d+-[0-9a-z]+-v|warm-up)/.test(label) ||
        label.startsWith(`${this.#prefix}-`)
      );
    };
    const keep = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.filter(isMine).map(keep);
      if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return value;
      return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, keep(inner)]));
    };
    return keep(answer);
  }

  #client(from: string): Promise<Client> {
    let client = this.#clients.get(from);
    if (client === undefined) {
      const [host, port] = this.#place.bootstrap.split(':');
      client = connect({ host, port: Number(port), clientId: `client-${from}` });
      this.#clients.set(from, client);
    }
    return client;
  }

  async #exchange<Q extends Fields, S extends Fields>(
    api: Api<Q, S>,
    version: number,
    draft: Draft<Q>,
    from: string,
  ): Promise<Values<S> | string> {
    encoded(() => requestCodec(api, version).encode(new Writer(), draft));
    const client = await this.#client(from);
    return this.#patiently(client.send(api, version, draft), from);
  }

  async #patiently<T>(answer: Promise<T>, from: string): Promise<T | string> {
    const patience = new AbortController();
    const late = wait(PATIENCE_MS, 'no answer', { signal: patience.signal }).catch(() => 'no answer');
    try {
      const first = await Promise.race([answer, late]);
      if (first === 'no answer') await this.#drop(from);
      return first;
    } catch (error) {
      if (!(error instanceof ConnectionClosed)) return `unreadable: ${String(error)}`;
      await this.#drop(from);
      return 'connection closed';
    } finally {
      patience.abort();
      answer.catch(() => {});
    }
  }

  async #drop(from: string): Promise<void> {
    const client = this.#clients.get(from);
    this.#clients.delete(from);
    await (await client)?.close();
  }
}

function encoded(encode: () => void): void {
  try {
    encode();
  } catch (error) {
    throw new Unsayable(String(error));
  }
}
