/** Topics by their names, where names lead to ids: topics change thousands of times as often as names come and go. PURE. */
import type { TopicImage } from './image.ts';

export class TopicsByName implements ReadonlyMap<string, TopicImage> {
  readonly #ids: ReadonlyMap<string, string>;
  readonly #topics: ReadonlyMap<string, TopicImage>;

  /** Ids by name, and topics by id. */
  constructor(ids: ReadonlyMap<string, string>, topics: ReadonlyMap<string, TopicImage>) {
    this.#ids = ids;
    this.#topics = topics;
  }

  /** Ids by name, of topics by name. */
  static idsOf(byName: ReadonlyMap<string, TopicImage>): ReadonlyMap<string, string> {
    if (byName instanceof TopicsByName) return byName.#ids;
    return new Map(Array.from(byName, ([name, { id }]) => [name, id]));
  }

  get size(): number {
    return this.#ids.size;
  }

  get(name: string): TopicImage | undefined {
    const id = this.#ids.get(name);
    return id === undefined ? undefined : this.#topics.get(id);
  }

  has(name: string): boolean {
    return this.#ids.has(name);
  }

  *entries(): MapIterator<[string, TopicImage]> {
    for (const [name, id] of this.#ids) yield [name, this.#topics.get(id)!];
  }

  keys(): MapIterator<string> {
    return this.#ids.keys();
  }

  *values(): MapIterator<TopicImage> {
    for (const id of this.#ids.values()) yield this.#topics.get(id)!;
  }

  [Symbol.iterator](): MapIterator<[string, TopicImage]> {
    return this.entries();
  }

  forEach(visit: (topic: TopicImage, name: string, map: ReadonlyMap<string, TopicImage>) => void): void {
    for (const [name, topic] of this) visit(topic, name, this);
  }
}
