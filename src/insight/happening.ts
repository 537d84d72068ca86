/** What has happened to a broker and its cluster, as its log tells it, in words for people. Pure. */

/** One event, or the same one several times in a row. */
export interface Happening {
  readonly number: number;
  readonly atMs: number;
  readonly event: string;
  readonly level: string;
  readonly facts: Readonly<Record<string, string | number | boolean | null | undefined>>;
  readonly times: number;
  readonly lastAtMs: number;
}

export type HappeningKind = 'topic' | 'setting' | 'leader' | 'broker' | 'group' | 'transaction' | 'disk' | 'error';

export interface WordedHappening {
  readonly kind: HappeningKind;
  readonly text: string;
  /** The view of the page that tells more. */
  readonly link: string;
}

type Facts = Happening['facts'];
type Words = (facts: Facts) => string;

/** By event; what is not here is told by its name and facts. */
const TOPICS: Readonly<Record<string, Words>> = {
  'topic.created': ({ topic, partitions }) => `topic '${topic}' was created with ${count(partitions, 'partition')}`,
  'topic.deleted': ({ topic }) => `topic '${topic}' was deleted`,
  'topic.grown': ({ topic, partitions }) => `topic '${topic}' has ${count(partitions, 'partition')} now`,
};

const LEADERS: Readonly<Record<string, Words>> = {
  'partition.leader': ({ topic, partition, partitions, leader, before }) => {
    if (topic === undefined) return `${partitions} partitions have another leader`;
    const place = `${topic}[${partition}]`;
    if (Number(leader) < 0) return `${place} has no leader; it was broker ${before}`;
    return Number(before) < 0
      ? `broker ${leader} leads ${place}, which had no leader`
      : `broker ${leader} leads ${place}, as broker ${before} did before`;
  },
  'partition.in-sync': ({ topic, partition, partitions, isr, before }) =>
    topic === undefined
      ? `${partitions} partitions have other replicas in sync`
      : `${topic}[${partition}] is in sync on ${isr === '' ? 'no broker' : `broker ${isr}`}, before on ${before}`,
};

const BROKERS: Readonly<Record<string, Words>> = {
  'broker.joined': ({ broker }) => `broker ${broker} has joined`,
  'broker.removed': ({ broker }) => `broker ${broker} was removed`,
  'broker.restarted': ({ broker }) => `broker ${broker} has started anew`,
  'broker.fenced': ({ broker }) => `broker ${broker} is fenced: the controller does not hear of it`,
  'broker.unfenced': ({ broker }) => `broker ${broker} is back`,
  started: ({ listeners }) => `this broker has started on ${listeners}`,
};

const GROUPS: Readonly<Record<string, Words>> = {
  'group.rebalance': ({ group, reason }) => `group '${group}' rebalances: ${reason}`,
  'group.member-left': ({ group, client, reason }) => `${client} is no longer in group '${group}': ${reason}`,
  'group.stable': ({ group, members }) => `group '${group}' is stable with ${count(members, 'member')}`,
  'group.empty': ({ group }) => `group '${group}' has no members any more`,
};

const TRANSACTIONS: Readonly<Record<string, Words>> = {
  'transaction.committed': ({ transactionalId }) => `a transaction of '${transactionalId}' was committed`,
  'transaction.aborted': ({ transactionalId }) => `a transaction of '${transactionalId}' was aborted by its producer`,
  'transaction.timed-out': ({ transactionalId }) =>
    `a transaction of '${transactionalId}' was aborted: it was open for longer than transaction.timeout.ms`,
  'transaction.fenced': ({ transactionalId }) =>
    `a transaction of '${transactionalId}' was aborted: another producer began with its id`,
};

const DISKS: Readonly<Record<string, Words>> = {
  'log-dir.offline': ({ path, error }) => `log directory ${path} is offline${error === undefined ? '' : `: ${error}`}`,
  'log-dir.refuses-appends': ({ path }) => `log directory ${path} refuses appends`,
  'log-dir.takes-appends-again': ({ path }) => `log directory ${path} takes appends again`,
  'log.compacted': ({ directory }) => `${directory} was compacted`,
  'log.shortened': ({ topic, partition, segments, from }) =>
    `retention deleted ${count(segments, 'segment')} of ${topic}[${partition}], which begins at offset ${from} now`,
  'request-refused-by-disk': ({ api, error }) => `a ${api} was refused by the disk: ${error}`,
};

/** Phases of a rebalance, which the group's own view tells. */
const LEFT_OUT: ReadonlySet<string> = new Set(['group.joined', 'group.assigned']);

const OF_DISKS = /^(log|checkpoint|cleaner|files|file|read-|append-|all-log-dirs|folders|opening-logs)/;

/** Null for what the journal leaves out. */
export function worded({ event, facts }: Happening): WordedHappening | null {
  if (LEFT_OUT.has(event)) return null;
  const { topic, group } = facts;
  const toTopic = topic === undefined ? '#/topics' : `#/topics/${encodeURIComponent(String(topic))}`;
  const known: readonly (readonly [Readonly<Record<string, Words>>, HappeningKind, string])[] = [
    [TOPICS, 'topic', event === 'topic.deleted' ? '#/topics' : toTopic],
    [LEADERS, 'leader', toTopic],
    [BROKERS, 'broker', '#/'],
    [GROUPS, 'group', `#/groups/${encodeURIComponent(String(group))}`],
    [TRANSACTIONS, 'transaction', '#/transactions'],
    [DISKS, 'disk', '#/storage'],
  ];
  if (event === 'setting.changed') return settingChanged(facts);
  for (const [words, kind, link] of known) {
    if (Object.hasOwn(words, event)) return { kind, text: words[event](facts), link };
  }
  return otherwise(event, facts);
}

/** By the kind of resource, as in Kafka's ConfigResource. */
const RESOURCES: Readonly<Record<string, string>> = { 2: 'topic', 4: 'broker', 16: 'client metrics', 32: 'group' };

function settingChanged({ resource, setting, isSet, value, before }: Facts): WordedHappening {
  const [type, ...rest] = String(resource).split(':');
  const name = rest.join(':');
  const kind = RESOURCES[type] ?? 'resource';
  const whose = kind === 'broker' && name === '' ? 'all brokers' : `${kind} '${name}'`;
  const to = value === undefined ? '' : ` to ${value}`;
  const from = before === undefined ? '' : `, before ${before}`;
  const text =
    isSet === true ? `${setting} of ${whose} was set${to}${from}` : `${setting} of ${whose} was taken back${from}`;
  const links: Readonly<Record<string, string>> = { topic: '#/topics/', group: '#/groups/' };
  const link = Object.hasOwn(links, kind) ? `${links[kind]}${encodeURIComponent(name)}` : '#/settings';
  return { kind: 'setting', text, link };
}

function otherwise(event: string, facts: Facts): WordedHappening {
  const said = Object.entries(facts)
    .filter(([, value]) => value !== undefined && value !== null)
    .map(([key, value]) => `${key} ${value}`);
  const text = [event.replace(/[.-]/g, ' '), ...said].join(', ');
  if (OF_DISKS.test(event)) return { kind: 'disk', text, link: '#/storage' };
  if (event.startsWith('group.')) return { kind: 'group', text, link: '#/groups' };
  if (event.startsWith('transaction.')) return { kind: 'transaction', text, link: '#/transactions' };
  return { kind: 'broker', text, link: '#/' };
}

function count(number: Facts[string], thing: string): string {
  return `${number} ${thing}${number === 1 ? '' : 's'}`;
}
