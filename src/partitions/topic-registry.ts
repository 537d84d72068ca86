/** The topics that this broker knows, found by name, by id, or by the bytes of a name in a request. */
import type { Partition } from './partition.ts';

/** What the cluster says of a topic. */
export interface TopicPlan {
  readonly name: string;
  readonly id: string;
  /** How many partitions it has, wherever they are. */
  readonly count: number;
}

export interface Topic {
  readonly name: string;
  /** The name as UTF-8, to be compared with a request's bytes without making a string of them. */
  readonly nameBytes: Buffer;
  readonly id: string;
  /** The 16 bytes of the id. */
  readonly idBytes: Buffer;
  /** By index; undefined where this broker has no replica. */
  readonly partitions: (Partition | undefined)[];
  /** How many partitions it has in the cluster. */
  count: number;
}

const UUID_BYTES = 16;

export class TopicRegistry {
  readonly #byName = new Map<string, Topic>();
  readonly #byId = new Map<string, Topic>();
  /** By the first bytes of the id; ids are random, so that hardly ever two share them. */
  readonly #byIdHash = new Map<number, Topic[]>();
  #lastFound: Topic | undefined;

  byName(name: string): Topic | undefined {
    return this.#byName.get(name);
  }

  byId(id: string): Topic | undefined {
    return this.#byId.get(id);
  }

  /** By the 16 bytes of an id in a request; free of allocation. */
  byIdBytes(bytes: Buffer, at: number): Topic | undefined {
    const candidates = this.#byIdHash.get(idHash(bytes, at));
    if (candidates === undefined) return undefined;
    for (const topic of candidates) if (isSame(topic.idBytes, bytes, at, UUID_BYTES)) return topic;
    return undefined;
  }

  /** Free of allocation when it is the topic found last. */
  byBytes(bytes: Buffer, at: number, length: number): Topic | undefined {
    const last = this.#lastFound;
    if (last !== undefined && isSame(last.nameBytes, bytes, at, length)) return last;
    this.#lastFound = this.#byName.get(bytes.toString('utf8', at, at + length)) ?? last;
    return this.#lastFound === last ? undefined : this.#lastFound;
  }

  *partitions(): IterableIterator<Partition> {
    for (const { partitions } of this.#byName.values()) {
      for (const partition of partitions) if (partition !== undefined) yield partition;
    }
  }

  /** A topic of the cluster is this large now. */
  define({ name, id, count }: TopicPlan): Topic {
    let topic = this.#byId.get(id);
    if (topic === undefined) {
      topic = { name, nameBytes: Buffer.from(name), id, idBytes: Buffer.from(id, 'base64url'), partitions: [], count };
      this.#lastFound = undefined; // it may have had this name
      this.#byName.set(name, topic);
      this.#byId.set(id, topic);
      const hash = idHash(topic.idBytes, 0);
      this.#byIdHash.set(hash, [...(this.#byIdHash.get(hash) ?? []), topic]);
    }
    topic.count = count;
    return topic;
  }

  /** The topic is no more; a younger one may have its name. */
  remove(topic: Topic): void {
    this.#byId.delete(topic.id);
    const hash = idHash(topic.idBytes, 0);
    const others = this.#byIdHash.get(hash)?.filter((other) => other !== topic) ?? [];
    if (others.length > 0) this.#byIdHash.set(hash, others);
    else this.#byIdHash.delete(hash);
    if (this.#byName.get(topic.name) === topic) this.#byName.delete(topic.name);
    if (this.#lastFound === topic) this.#lastFound = undefined;
  }
}

/** A small integer, which V8 keeps without an object. */
function idHash(bytes: Buffer, at: number): number {
  return ((bytes[at] << 22) | (bytes[at + 1] << 14) | (bytes[at + 2] << 6) | (bytes[at + 3] >> 2)) & 0x3fffffff;
}

function isSame(name: Buffer, bytes: Buffer, at: number, length: number): boolean {
  if (name.length !== length) return false;
  for (let i = 0; i < length; i++) if (name[i] !== bytes[at + i]) return false;
  return true;
}
