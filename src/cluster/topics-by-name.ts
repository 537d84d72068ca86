/** Topics by their names, where names lead to ids: topics change thousands of times as often as names come and go. PURE. */
interface Identified {
  readonly id: string;
}

export class TopicsByName<Topic extends Identified> implements ReadonlyMap<string, Topic> {
  readonly #ids: ReadonlyMap<string, string>;
  readonly #topics: ReadonlyMap<string, Topic>;

  /** Ids by name, and topics by id. */
  constructor(ids: ReadonlyMap<string, string>, topics: ReadonlyMap<string, Topic>) {
    this.#ids = ids;
    this.#topics = topics;
  }

  /** Ids by name, of topics by name. */
  static idsOf<Topic extends Identified>(byName: ReadonlyMap<string, Topic>): ReadonlyMap<string, string> {
    if (byName instanceof TopicsByName) return (byName as TopicsByName<Topic>).#ids;
    return new Map(Array.from(byName, ([name, { id }]) => [name, id]));
  }

  get size(): number {
    return this.#ids.size;
  }

  get(name: string): Topic | undefined {
    const id = this.#ids.get(name);
    return id === undefined ? undefined : this.#topics.get(id);
  }

  has(name: string): boolean {
    return this.#ids.has(name);
  }

  *entries(): MapIterator<[string, Topic]> {
    for (const [name, id] of this.#ids) yield [name, this.#topics.get(id)!];
  }

  keys(): MapIterator<string> {
    return this.#ids.keys();
  }

  *values(): MapIterator<Topic> {
    for (const id of this.#ids.values()) yield this.#topics.get(id)!;
  }

  [Symbol.iterator](): MapIterator<[string, Topic]> {
    return this.entries();
  }

  forEach(visit: (topic: Topic, name: string, map: ReadonlyMap<string, Topic>) => void): void {
    for (const [name, topic] of this) visit(topic, name, this);
  }
}
