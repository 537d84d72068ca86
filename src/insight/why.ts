/**
 * Why a group does not get what it waits for: findings, the most certain cause first. A pure function of what is known: the page,
 * the control port, a test's WaitTimeout and `ottla groups why` tell the same.
 */
import type { GroupSituation, PartitionName, SituatedPartition } from './group-situation.ts';
import { nearNames } from './near-names.ts';
import { count, span } from './words.ts';

export type Cause =
  | 'no-such-group'
  | 'no-members'
  | 'topic-missing'
  | 'rebalancing'
  | 'not-released'
  | 'hindered'
  | 'clock-stands-still'
  | 'told-errors'
  | 'lost-after-metadata'
  | 'no-fetches'
  | 'open-transaction'
  | 'all-aborted'
  | 'below-start'
  | 'began-at-end'
  | 'similar-topic'
  | 'idle-members'
  | 'all-read'
  | 'reading';

export interface Finding {
  readonly cause: Cause;
  /** For people: what is so. */
  readonly sentence: string;
  /** What shows it. */
  readonly evidence: readonly string[];
  /** What to do; '' where there is nothing to do. */
  readonly next: string;
}

type Rule = (situation: GroupSituation) => Finding[];

/** In the order in which they are told: what keeps a group from reading at all, then what it does not see, then what is well. */
const RULES: readonly Rule[] = [
  missingGroup,
  noMembers,
  missingTopics,
  rebalancing,
  notReleased,
  hindered,
  standingClock,
  toldErrors,
  lostClients,
  withoutFetches,
  openTransactions,
  allAborted,
  belowStart,
  beganAtEnd,
  similarTopics,
  idleMembers,
  allRead,
];

/** At least one finding. */
export function why(situation: GroupSituation): Finding[] {
  if (situation.type === null) return missingGroup(situation);
  const findings = RULES.flatMap((rule) => rule(situation));
  return findings.length > 0 ? findings : [reading(situation)];
}

function missingGroup({ id, type }: GroupSituation): Finding[] {
  if (type !== null) return [];
  return [
    {
      cause: 'no-such-group',
      sentence: `There is no group '${id}': no member has joined it, and nothing was committed under this name.`,
      evidence: [],
      next: `Compare the group id (group.id) of your consumer with '${id}', and see that it calls subscribe and polls.`,
    },
  ];
}

function noMembers({ nowMs, state, members, lastDeparture }: GroupSituation): Finding[] {
  if (members.length > 0) return [];
  const left =
    lastDeparture === null
      ? []
      : [
          `The last member, ${lastDeparture.clientId}, went ${ago(nowMs, lastDeparture.atMs)}: ${lastDeparture.reason}.`,
        ];
  return [
    {
      cause: 'no-members',
      sentence: 'The group has no members: no consumer is running in it.',
      evidence: [`The state of the group is ${state}.`, ...left],
      next: 'Start a consumer with this group id. Where one runs, look in its log for why it left.',
    },
  ];
}

function missingTopics({ members, topics }: GroupSituation): Finding[] {
  return subscribedBy(members).flatMap(({ topic, clients }) => {
    if (topics.has(topic)) return [];
    const near = nearNames(topic, topics.keys());
    return {
      cause: 'topic-missing' as const,
      sentence: `The topic '${topic}', which ${list(clients)} ${verb(clients, 'reads', 'read')}, does not exist.`,
      evidence: near.length === 0 ? [] : [`Topics with such names: ${near.join(', ')}.`],
      next:
        near.length === 0
          ? 'Create the topic, or correct its name.'
          : `Correct the name, or create the topic '${topic}'.`,
    };
  });
}

function rebalancing({ nowMs, state, rebalance }: GroupSituation): Finding[] {
  if (rebalance === null) return [];
  const { sinceMs, waitingFor, untilMs } = rebalance;
  const who = waitingFor.length === 0 ? 'its members to join again' : list(waitingFor);
  const until = untilMs === null ? [] : [`The coordinator gives them up in ${span(untilMs - nowMs)}.`];
  return [
    {
      cause: 'rebalancing',
      sentence: `The group has been rebalancing for ${span(nowMs - sinceMs)} and waits for ${who}.`,
      evidence: [`The state of the group is ${state}.`, ...until],
      next:
        waitingFor.length === 0
          ? 'Wait for the end of the rebalance.'
          : `See what ${list(waitingFor)} ${verb(waitingFor, 'does', 'do')}: a consumer joins again with its next poll, at the latest after max.poll.interval.ms.`,
    },
  ];
}

/** KIP-848: who is to own a partition waits until the member that owns it now has given it up. */
function notReleased({ members }: GroupSituation): Finding[] {
  const owners = new Map(
    members.flatMap(({ clientId, memberId, assigned }) =>
      assigned.map((place) => [nameOf(place), { clientId, memberId }] as const),
    ),
  );
  return members.flatMap(({ clientId, memberId, target }) =>
    (target ?? []).flatMap((place) => {
      const owner = owners.get(nameOf(place));
      if (owner === undefined || owner.memberId === memberId) return [];
      return {
        cause: 'not-released' as const,
        sentence: `${clientId} waits for ${nameOf(place)}, which ${owner.clientId} has not given up.`,
        evidence: [`${owner.clientId} (${owner.memberId}) still owns ${nameOf(place)}.`],
        next: `See what ${owner.clientId} does: it gives the partition up with its next poll, at the latest after max.poll.interval.ms.`,
      };
    }),
  );
}

function hindered({ hindrances }: GroupSituation): Finding[] {
  return hindrances.map((hindrance) => ({
    cause: 'hindered',
    sentence: `Something was asked to stand in the way: ${hindrance}.`,
    evidence: [],
    next: 'Remove it when it has done its work.',
  }));
}

function standingClock({ clockStandsStill, rebalance }: GroupSituation): Finding[] {
  if (!clockStandsStill || rebalance === null) return [];
  return [
    {
      cause: 'clock-stands-still',
      sentence: "The broker's clock is virtual and stands still, so no session and no rebalance times out.",
      evidence: [],
      next: "Call clock.advance, for example clock.advance('10s').",
    },
  ];
}

function toldErrors({ nowMs, wire }: GroupSituation): Finding[] {
  return (wire?.errors ?? []).map(({ error, api, about, clientId, times, lastAtMs }) => ({
    cause: 'told-errors',
    sentence: `${clientId} was told ${error} by ${api}${about === '' ? '' : ` of ${about}`}${times === 1 ? '' : `, ${times} times`}.`,
    evidence: [`The last time was ${ago(nowMs, lastAtMs)}.`],
    next: `Look in the log of ${clientId} for ${error}.`,
  }));
}

function lostClients({ wire }: GroupSituation): Finding[] {
  return (wire?.lostAfterMetadata ?? []).map(({ clientId, toldAddress }) => ({
    cause: 'lost-after-metadata',
    sentence: `${clientId} asked where the brokers are and did not come back: it cannot reach ${toldAddress}.`,
    evidence: [`Metadata told it ${toldAddress}.`],
    next: 'Set advertised.listeners to an address that the client can reach.',
  }));
}

/** So long a consumer that works takes at most between two fetches: fetch.max.wait.ms and some processing. */
const WITHOUT_FETCH_MS = 10_000;

function withoutFetches({ nowMs, members, wire }: GroupSituation): Finding[] {
  if (wire === null) return [];
  return members.flatMap(({ clientId, assigned }) => {
    const beat = wire.lastHeartbeatMs.get(clientId) ?? null;
    const fetched = wire.lastFetchMs.get(clientId) ?? null;
    const lives = beat !== null && nowMs - beat < WITHOUT_FETCH_MS;
    const since = Math.max(fetched ?? 0, wire.sinceMs.get(clientId) ?? nowMs);
    if (assigned.length === 0 || !lives || nowMs - since < WITHOUT_FETCH_MS) return [];
    return {
      cause: 'no-fetches' as const,
      sentence: `${clientId} tells the group that it lives, but does not ask for records.`,
      evidence: [
        `Its last heartbeat came ${ago(nowMs, beat)}.`,
        fetched === null ? 'It has never fetched.' : `Its last fetch came ${ago(nowMs, fetched)}.`,
      ],
      next: `See whether ${clientId} is busy with records it has, has paused its partitions, or no longer polls.`,
    };
  });
}

function openTransactions({ nowMs, partitions }: GroupSituation): Finding[] {
  return partitions.flatMap((place) => {
    const { stable, end, openTransaction } = place;
    if (stable >= end || openTransaction === null) return [];
    const { transactionalId, producerId, firstOffset, sinceMs } = openTransaction;
    const producer = producerId === null ? 'a producer' : `producer ${producerId}`;
    const whose = transactionalId === null ? producer : `'${transactionalId}'`;
    const since = sinceMs === null ? '' : ` for ${span(nowMs - sinceMs)}`;
    return {
      cause: 'open-transaction' as const,
      sentence: `A transaction of ${whose} has been open${since} and holds back ${nameOf(place)} from offset ${stable} on.`,
      evidence: [
        `It began at offset ${firstOffset}; ${count(end - stable, 'offset')} behind it ${end - stable === 1 ? 'is' : 'are'} not served to read_committed consumers.`,
      ],
      next: 'Commit or abort it. The coordinator aborts it after transaction.timeout.ms.',
    };
  });
}

function allAborted({ partitions }: GroupSituation): Finding[] {
  return partitions.flatMap((place) => {
    const { committed, start, stable, unread } = place;
    const from = Math.max(committed ?? start, start);
    if (unread !== 0 || from >= stable) return [];
    return {
      cause: 'all-aborted' as const,
      sentence: `All that ${nameOf(place)} holds from offset ${from} on was aborted, or is a marker of a transaction.`,
      evidence: [`Between offset ${from} and ${stable} no record is visible to read_committed consumers.`],
      next: 'See why the producer aborts its transactions.',
    };
  });
}

function belowStart({ partitions }: GroupSituation): Finding[] {
  return partitions.flatMap((place) => {
    const { committed, start } = place;
    if (committed === null || committed >= start) return [];
    return {
      cause: 'below-start' as const,
      sentence: `The group has committed offset ${committed} of ${nameOf(place)}, which begins at ${start}: ${count(start - committed, 'offset')} ${start - committed === 1 ? 'was' : 'were'} deleted before the group read ${start - committed === 1 ? 'it' : 'them'}.`,
      evidence: ['Retention, compaction or DeleteRecords moved the start of the log.'],
      next: 'The consumer goes on where auto.offset.reset says. Raise retention.ms or retention.bytes when records must wait longer.',
    };
  });
}

function beganAtEnd({ members, partitions }: GroupSituation): Finding[] {
  const owned = new Set(members.flatMap(({ assigned }) => assigned.map(nameOf)));
  const without = partitions.filter(
    (place) => place.committed === null && place.end > place.start && owned.has(nameOf(place)),
  );
  if (without.length === 0) return [];
  const before = without.reduce((sum, { start, end }) => sum + end - start, 0);
  return [
    {
      cause: 'began-at-end',
      sentence: `The group has committed nothing for ${names(without)}, where ${before === 1 ? '1 offset lies' : `${before} offsets lie`}: a consumer whose auto.offset.reset is latest begins behind ${before === 1 ? 'it' : 'them'}.`,
      evidence: without
        .slice(0, SHOWN)
        .map((place) => `${nameOf(place)} holds offsets ${place.start} to ${place.end - 1}.`),
      next: 'Set auto.offset.reset to earliest (kafkajs: fromBeginning: true), or start the consumer before records are produced.',
    },
  ];
}

function similarTopics({ members, topics, partitions }: GroupSituation): Finding[] {
  const empty = new Set(topics.keys());
  for (const { topic, start, end } of partitions) if (end > start) empty.delete(topic);
  return subscribedBy(members).flatMap(({ topic }) => {
    if (!topics.has(topic) || !empty.has(topic) || !partitions.some((place) => place.topic === topic)) return [];
    const near = nearNames(topic, topics.keys());
    if (near.length === 0) return [];
    return {
      cause: 'similar-topic' as const,
      sentence: `The topic '${topic}' is empty, and there ${verb(near, 'is a topic', 'are topics')} of a similar name: ${near.join(', ')}.`,
      evidence: [],
      next: 'Compare the name that the producer uses with the one that the consumer uses.',
    };
  });
}

function idleMembers({ members, topics, rebalance }: GroupSituation): Finding[] {
  if (rebalance !== null) return [];
  const idle = members.filter(({ assigned, target }) => assigned.length === 0 && (target ?? []).length === 0);
  const there = subscribedBy(members).filter(({ topic }) => topics.has(topic));
  const partitions = there.reduce((sum, { topic }) => sum + topics.get(topic)!, 0);
  if (idle.length === 0 || partitions >= members.length || there.length === 0) return [];
  const clients = idle.map(({ clientId }) => clientId);
  return [
    {
      cause: 'idle-members',
      sentence: `${list(clients)} ${verb(clients, 'has', 'have')} no partition: the group has ${count(members.length, 'member')} for ${count(partitions, 'partition')}.`,
      evidence: there.map(({ topic }) => `'${topic}' has ${count(topics.get(topic)!, 'partition')}.`),
      next: 'Add partitions, or run fewer members.',
    },
  ];
}

function allRead({ type, partitions }: GroupSituation): Finding[] {
  if (type === 'share' || partitions.length === 0) return [];
  const isRead = ({ committed, start, stable, end, unread }: SituatedPartition): boolean =>
    stable >= end && (committed === null ? end === start : committed >= end || unread === 0);
  if (!partitions.every(isRead)) return [];
  const held = partitions.reduce((sum, { start, end }) => sum + end - start, 0);
  return [
    {
      cause: 'all-read',
      sentence:
        held === 0
          ? `${names(partitions)} ${partitions.length === 1 ? 'is' : 'are'} empty: there is nothing to read.`
          : `The group has read all that there is in ${names(partitions)}.`,
      evidence: partitions
        .slice(0, SHOWN)
        .map((place) => `${nameOf(place)} ends at ${place.end}; committed is ${place.committed ?? 'nothing'}.`),
      next: 'Produce a record, or look whether the producer sends to another topic.',
    },
  ];
}

function reading({ partitions }: GroupSituation): Finding {
  const unread = partitions.reduce((sum, { unread: left }) => sum + (left ?? 0), 0);
  return {
    cause: 'reading',
    sentence:
      unread === 0
        ? 'Nothing that is known here keeps the group from reading.'
        : `Nothing that is known here keeps the group from reading; ${count(unread, 'record')} ${unread === 1 ? 'is' : 'are'} left.`,
    evidence: [],
    next: 'Look again in a moment: where the number of unread records stands still, see what the consumer does with the records it has.',
  };
}

function subscribedBy(members: GroupSituation['members']): { topic: string; clients: string[] }[] {
  const clients = new Map<string, Set<string>>();
  for (const { clientId, subscribed } of members) {
    for (const topic of subscribed ?? []) {
      const known = clients.get(topic);
      if (known === undefined) clients.set(topic, new Set([clientId]));
      else known.add(clientId);
    }
  }
  return Array.from(clients, ([topic, ids]) => ({ topic, clients: [...ids] }));
}

/** More than so many names or lines tell no more. */
const SHOWN = 5;

function nameOf({ topic, partition }: PartitionName): string {
  return `${topic}[${partition}]`;
}

function names(places: readonly PartitionName[]): string {
  return list(places.map(nameOf));
}

function list(words: readonly string[]): string {
  const shown = words.length > SHOWN ? [...words.slice(0, SHOWN - 1), `${words.length - SHOWN + 1} more`] : words;
  return shown.length < 2 ? shown.join('') : `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)!}`;
}

function verb(subjects: readonly unknown[], one: string, many: string): string {
  return subjects.length === 1 ? one : many;
}

function ago(nowMs: number, atMs: number): string {
  return `${span(nowMs - atMs)} ago`;
}
