/** What keeps the members of a group from reading: none are there, they wait for others, or something stands in their way. */
import { ago, list, nameOf, verb, type Finding } from './finding.ts';
import type { GroupSituation, Rebalance, SimilarTopic, SituatedPartition } from './group-situation.ts';
import { count, span } from './words.ts';

export function noMembers({ nowMs, state, members, lastDeparture, wire }: GroupSituation): Finding[] {
  if (members.length > 0 || (wire !== null && wire.readers.length > 0)) return [];
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

/** Topics that members read, or that clients without a group were told do not exist. */
export function missingTopics(situation: GroupSituation): Finding[] {
  const { topics, similar, members } = situation;
  const missing = byTopic([...subscribedBy(situation), ...askedFor(situation)]).filter(
    ({ topic }) => !topics.has(topic),
  );
  const patterns = members.filter(({ pattern }) => pattern !== null);
  const isAnyAssigned = members.some(({ assigned, target }) => assigned.length > 0 || (target ?? []).length > 0);
  return [
    ...missing.map(({ topic, clients }) => missingTopic(topic, clients, similar.get(topic) ?? [])),
    ...(isAnyAssigned || situation.rebalance !== null ? [] : patterns).map(({ clientId, pattern }) => ({
      cause: 'topic-missing' as const,
      sentence: `${clientId} has subscribed to the pattern '${pattern}', and no topic matches it.`,
      evidence: [],
      next: 'Create a topic that matches, or correct the pattern. A pattern is compared with the whole name.',
    })),
  ];
}

function missingTopic(topic: string, clients: readonly string[], similar: readonly SimilarTopic[]): Finding {
  const near = similar.map(({ name }) => name);
  return {
    cause: 'topic-missing',
    sentence: `The topic '${topic}', which ${list(clients)} ${verb(clients, 'reads', 'read')}, does not exist.`,
    evidence: near.length === 0 ? [] : [`Topics with such names: ${near.join(', ')}.`],
    next:
      near.length === 0
        ? 'Create the topic, or correct its name.'
        : `Correct the name, or create the topic '${topic}'.`,
  };
}

const UNKNOWN_TOPIC = 'UNKNOWN_TOPIC_OR_PARTITION';

/**
 * Of clients that have asked for a topic and were told that it does not exist, and of members that own nothing: librdkafka asks for
 * what it is to read, and subscribes to what is there of it.
 */
function askedFor({ wire, members }: GroupSituation): SubscribedTopic[] {
  const idle = new Set(members.filter(({ assigned }) => assigned.length === 0).map(({ clientId }) => clientId));
  const isMeant = (clientId: string): boolean => members.length === 0 || idle.has(clientId);
  return (wire?.errors ?? [])
    .filter(({ error, about, clientId }) => error === UNKNOWN_TOPIC && about !== '' && isMeant(clientId))
    .map(({ about, clientId }) => ({ topic: about.replace(/\[\d+\]$/, ''), clients: [clientId] }));
}

/** What a phase of a rebalance asks of those whom it waits for. */
const AWAITED: Readonly<Record<Rebalance['phase'], string>> = {
  gathering: 'for more members to join',
  joining: 'to join again',
  assigning: 'to assign the partitions',
  revoking: 'to give partitions up',
  reconciling: 'to ask for its new assignment',
  unknown: '',
};

export function rebalancing(situation: GroupSituation): Finding[] {
  const { nowMs, state, rebalance, members } = situation;
  if (rebalance === null || notReleased(situation).length > 0) return [];
  const { sinceMs, waitingFor, untilMs, reason, phase } = rebalance;
  const isGone = (clientId: string): boolean =>
    members.some((member) => member.clientId === clientId && member.isConnected === false);
  // That they are gone is told: nobody else waits for what they have not asked for.
  if (phase === 'reconciling' && waitingFor.length > 0 && waitingFor.every(isGone)) return [];
  const since = sinceMs === null ? 'rebalances' : `has been rebalancing for ${span(nowMs - sinceMs)}`;
  const until =
    untilMs === null ? [] : [`The coordinator goes on without waiting in ${span(untilMs - nowMs)} at the latest.`];
  return [
    {
      cause: 'rebalancing',
      sentence: `The group ${since} and waits ${awaited(rebalance)}.`,
      evidence: [
        `The state of the group is ${state}.`,
        ...(reason === null ? [] : [`It began because of this: ${reason}.`]),
        ...until,
      ],
      next:
        waitingFor.length === 0
          ? 'Wait for the end of the rebalance.'
          : `See what ${list(waitingFor)} ${verb(waitingFor, 'does', 'do')}: a consumer ${phase === 'reconciling' ? 'asks with its next heartbeat' : 'joins again with its next poll, at the latest after max.poll.interval.ms'}.`,
    },
  ];
}

function awaited({ phase, waitingFor }: Rebalance): string {
  if (phase === 'gathering') return `${AWAITED.gathering} (group.initial.rebalance.delay.ms)`;
  const who = waitingFor.length === 0 ? 'its members' : list(waitingFor);
  return `for ${who}${AWAITED[phase] === '' ? '' : ` ${AWAITED[phase]}`}`;
}

/** KIP-848: who is to own a partition waits until the member that owns it now has given it up. */
export function notReleased({ nowMs, members, rebalance }: GroupSituation): Finding[] {
  const owners = new Map(
    members.flatMap(({ clientId, memberId, assigned }) =>
      assigned.map((place) => [nameOf(place), { clientId, memberId }] as const),
    ),
  );
  const until = rebalance?.phase === 'revoking' ? (rebalance.untilMs ?? null) : null;
  const since = rebalance?.phase === 'revoking' ? (rebalance.sinceMs ?? null) : null;
  return members.flatMap(({ clientId, memberId, target }) =>
    (target ?? []).flatMap((place) => {
      const owner = owners.get(nameOf(place));
      if (owner === undefined || owner.memberId === memberId) return [];
      return {
        cause: 'not-released' as const,
        sentence: `${clientId} waits for ${nameOf(place)}, which ${owner.clientId} has not given up.`,
        evidence: [
          `${owner.clientId} (${owner.memberId}) still owns ${nameOf(place)}.`,
          ...(since === null ? [] : [`It was asked to give it up ${ago(nowMs, since)}.`]),
          ...(until === null ? [] : [`The coordinator takes it out of the group in ${span(until - nowMs)}.`]),
        ],
        next: `See what ${owner.clientId} does: it gives the partition up with its next poll, at the latest after max.poll.interval.ms.`,
      };
    }),
  );
}

/** A member whose process is gone keeps its partitions until its session ends. */
export function notConnected({ members, clockStandsStill }: GroupSituation): Finding[] {
  if (clockStandsStill) return []; // that is the cause: no session ends
  return members.flatMap(({ clientId, memberId, isConnected, assigned }) => {
    if (isConnected !== false) return [];
    return {
      cause: 'not-connected' as const,
      sentence: `${clientId} is a member of the group, but no connection of it is open.`,
      evidence: [
        `The coordinator takes ${clientId} (${memberId}) out when its session ends (session.timeout.ms).`,
        ...(assigned.length === 0 ? [] : [`Until then it keeps ${list(assigned.map(nameOf))}.`]),
      ],
      next: `Start ${clientId} again, or wait for the end of its session. A consumer that is closed leaves at once.`,
    };
  });
}

export function hindered({ hindrances }: GroupSituation): Finding[] {
  return hindrances.map((hindrance) => ({
    cause: 'hindered',
    sentence: `A fault that the test made is in force: ${hindrance}.`,
    evidence: [],
    next: 'Remove it when it has done its work.',
  }));
}

export function standingClock({ clockStandsStill, rebalance, members }: GroupSituation): Finding[] {
  if (!clockStandsStill) return [];
  const gone = members.filter(({ isConnected }) => isConnected === false).map(({ clientId }) => clientId);
  const isGathering = rebalance?.phase === 'gathering';
  if (gone.length === 0 && !isGathering) return [];
  const waits = isGathering
    ? 'the group waits for group.initial.rebalance.delay.ms'
    : `${list(gone)} ${verb(gone, 'is', 'are')} gone and ${verb(gone, 'stays a member', 'stay members')} of the group`;
  return [
    {
      cause: 'clock-stands-still',
      sentence: `The broker's clock is virtual and stands still, so ${waits}.`,
      evidence: ['No session and no rebalance times out while the clock stands still.'],
      next: "Call clock.advance, for example clock.advance('10s').",
    },
  ];
}

export function throttled({ nowMs, throttles }: GroupSituation): Finding[] {
  return throttles.map(({ clientId, quota, api, times, lastAtMs, throttleTimeMs }) => ({
    cause: 'throttled',
    sentence: `${clientId} is made to wait, for it uses more than its quota (${quota}).`,
    evidence: [
      `${api} was throttled ${count(times, 'time')}, the last time ${ago(nowMs, lastAtMs)} for ${span(throttleTimeMs)}.`,
    ],
    next: `Raise ${quota} of the client or its user (kafka-configs --alter), or have it read less.`,
  }));
}

const OUT_OF_RANGE = 'OFFSET_OUT_OF_RANGE';

/** Of topics that do not exist `missingTopics` tells more, and `belowStart` of offsets that are deleted. */
export function toldErrors({ nowMs, wire, topics, partitions }: GroupSituation): Finding[] {
  const deleted = new Set(partitions.filter(isBelowStart).map(nameOf));
  const isTold = ({ error, about }: { error: string; about: string }): boolean =>
    (error === UNKNOWN_TOPIC && !topics.has(about.replace(/\[\d+\]$/, ''))) ||
    (error === OUT_OF_RANGE && deleted.has(about));
  return (wire?.errors ?? [])
    .filter((each) => !isTold(each))
    .map(({ error, api, about, clientId, times, lastAtMs }) => ({
      cause: 'told-errors',
      sentence: `${clientId} was told ${error} by ${api}${about === '' ? '' : ` of ${about}`}${times === 1 ? '' : `, ${times} times`}.`,
      evidence: [`The last time was ${ago(nowMs, lastAtMs)}.`],
      next: `Look in the log of ${clientId} for ${error}.`,
    }));
}

/** What the group is to read next was deleted. */
export function isBelowStart({ committed, start }: SituatedPartition): boolean {
  return committed !== null && committed < start;
}

export function lostClients({ wire }: GroupSituation): Finding[] {
  return (wire?.lostAfterMetadata ?? []).map(({ clientId, toldAddress }) => ({
    cause: 'lost-after-metadata',
    sentence: `${clientId} asked where the brokers are and did not come back: it cannot reach ${toldAddress}.`,
    evidence: [`The broker told it ${toldAddress}.`],
    next: 'Set advertised.listeners to an address that the client can reach.',
  }));
}

/** So long a consumer that works takes at most between two fetches: fetch.max.wait.ms and some processing. */
const WITHOUT_FETCH_MS = 10_000;

export function withoutFetches({ nowMs, members, wire }: GroupSituation): Finding[] {
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

/** In share groups several members read one partition. */
export function idleMembers(situation: GroupSituation): Finding[] {
  const { type, members, topics, rebalance } = situation;
  if (rebalance !== null || type === 'share') return [];
  const idle = members.filter(({ assigned, target }) => assigned.length === 0 && (target ?? []).length === 0);
  const there = subscribedBy(situation).filter(({ topic }) => topics.has(topic));
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

interface SubscribedTopic {
  readonly topic: string;
  readonly clients: readonly string[];
}

export function subscribedBy({ members }: GroupSituation): SubscribedTopic[] {
  return byTopic(
    members.flatMap(({ clientId, subscribed }) => (subscribed ?? []).map((topic) => ({ topic, clients: [clientId] }))),
  );
}

/** Each topic once, with all its clients. */
function byTopic(all: readonly SubscribedTopic[]): SubscribedTopic[] {
  const known = new Map<string, Set<string>>();
  for (const { topic, clients } of all) {
    const ids = known.get(topic) ?? new Set();
    known.set(topic, ids);
    for (const clientId of clients) ids.add(clientId);
  }
  return Array.from(known, ([topic, ids]) => ({ topic, clients: [...ids] }));
}
