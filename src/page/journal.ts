/** What has happened to the cluster since somebody began to look: topics, settings, leaders, brokers. The newest 2,000 entries. */
import type { ClusterImage, TopicImage } from '../cluster/image.ts';
import type { BrokerView } from '../testing/broker-view.ts';
import type { JournalEntry } from './frames.ts';

const KEPT = 2000;
/** Changes of leaders that are told one by one, of one image. */
const TOLD_ONE_BY_ONE = 5;

type Draft = Omit<JournalEntry, 'number' | 'atMs'>;

export class Journal {
  readonly sinceMs: number;
  readonly #view: BrokerView;
  #entries: JournalEntry[] = [];
  #count = 0;

  constructor(view: BrokerView) {
    const { clock, metadata } = view.parts;
    this.#view = view;
    this.sinceMs = clock.now();
    metadata.onChange((image, previous) => {
      for (const draft of changesBetween(previous, image)) this.add(draft);
    });
  }

  /** The newest first. */
  newest(limit: number): JournalEntry[] {
    return this.#entries.slice(-limit).toReversed();
  }

  get count(): number {
    return this.#count;
  }

  add(draft: Draft): void {
    this.#entries.push({ ...draft, number: ++this.#count, atMs: this.#view.parts.clock.now() });
    if (this.#entries.length > 2 * KEPT) this.#entries = this.#entries.slice(-KEPT);
  }
}

function changesBetween(before: ClusterImage, after: ClusterImage): Draft[] {
  return [
    ...(before.topicsById === after.topicsById ? [] : topicChanges(before, after)),
    ...(before.configs === after.configs ? [] : settingChanges(before, after)),
    ...(before.brokers === after.brokers ? [] : brokerChanges(before, after)),
  ];
}

function topicChanges(before: ClusterImage, after: ClusterImage): Draft[] {
  const changes: Draft[] = [];
  const moved: Draft[] = [];
  for (const [id, topic] of after.topicsById) {
    const old = before.topicsById.get(id);
    if (old === topic) continue;
    if (old === undefined) changes.push(ofTopic(topic, `topic '${topic.name}' was created with ${count(topic)}`));
    else {
      if (old.partitions.length < topic.partitions.length)
        changes.push(ofTopic(topic, `topic '${topic.name}' has ${count(topic)} now`));
      for (const change of leaderChanges(old, topic)) moved.push(change);
    }
  }
  for (const [id, { name }] of before.topicsById) {
    if (!after.topicsById.has(id))
      changes.push({ kind: 'topic', text: `topic '${name}' was deleted`, link: '#/topics' });
  }
  if (moved.length <= TOLD_ONE_BY_ONE) return [...changes, ...moved];
  const text = `${moved.length} partitions have another leader`;
  return [...changes, { kind: 'leader', text, link: '#/topics' }];
}

function ofTopic({ name }: TopicImage, text: string): Draft {
  return { kind: 'topic', text, link: linkToTopic(name) };
}

function leaderChanges(old: TopicImage, topic: TopicImage): Draft[] {
  return topic.partitions.flatMap(({ leader }, index) => {
    const was = old.partitions[index]?.leader;
    if (was === undefined || was === leader) return [];
    const text =
      leader < 0
        ? `${topic.name}[${index}] has no leader; it was broker ${was}`
        : `broker ${leader} leads ${topic.name}[${index}], as broker ${was} did before`;
    return { kind: 'leader' as const, text, link: linkToTopic(topic.name) };
  });
}

/** By the kind of resource, as in Kafka's ConfigResource. */
const RESOURCES: Readonly<Record<string, string>> = { 2: 'topic', 4: 'broker', 16: 'client metrics', 32: 'group' };

function settingChanges(before: ClusterImage, after: ClusterImage): Draft[] {
  const keys = new Set([...before.configs.keys(), ...after.configs.keys()]);
  return Array.from(keys).flatMap((key) => {
    const [old, now] = [before.configs.get(key), after.configs.get(key)];
    if (old === now) return [];
    const type = RESOURCES[key.slice(0, key.indexOf(':'))] ?? 'resource';
    const name = key.slice(key.indexOf(':') + 1);
    const whose = type === 'broker' && name === '' ? 'all brokers' : `${type} '${name}'`;
    const link = type === 'topic' ? linkToTopic(name) : '#/settings';
    const names = new Set([...(old?.keys() ?? []), ...(now?.keys() ?? [])]);
    return Array.from(names).flatMap((setting) => {
      if (old?.get(setting) === now?.get(setting)) return [];
      const text =
        now?.has(setting) === true ? `${setting} of ${whose} was set` : `${setting} of ${whose} was taken back`;
      return { kind: 'setting' as const, text, link };
    });
  });
}

function brokerChanges(before: ClusterImage, after: ClusterImage): Draft[] {
  return Array.from(after.brokers.values()).flatMap((broker) => {
    const old = before.brokers.get(broker.id);
    const words =
      old === undefined
        ? `broker ${broker.id} has joined`
        : old.fenced !== broker.fenced
          ? `broker ${broker.id} ${broker.fenced ? 'is fenced: the controller does not hear of it' : 'is back'}`
          : '';
    return words === '' ? [] : { kind: 'broker' as const, text: words, link: '#/' };
  });
}

function count({ partitions }: TopicImage): string {
  return partitions.length === 1 ? '1 partition' : `${partitions.length} partitions`;
}

function linkToTopic(name: string): string {
  return `#/topics/${encodeURIComponent(name)}`;
}
