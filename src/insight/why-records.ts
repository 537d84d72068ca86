/** What keeps a group that could read from seeing records: where they are, and which of them count. */
import { nameOf, names, SHOWN, verb, type Finding } from './finding.ts';
import type { GroupSituation, SituatedPartition } from './group-situation.ts';
import { subscribedBy } from './why-members.ts';
import { count, span } from './words.ts';

/** How far the group has come: what it has committed, or has asked for since. */
function positionOf({ start, committed, fetched }: SituatedPartition): number {
  return Math.max(start, committed ?? start, fetched?.last ?? start);
}

/** Such readers are given records of open and aborted transactions as they are all others. */
function readsUncommitted({ fetched }: SituatedPartition): boolean {
  return fetched?.isUncommitted === true;
}

/** Those that a group waits for which has read what stands before them. */
export function openTransactions({ nowMs, partitions }: GroupSituation): Finding[] {
  return partitions.flatMap((place) => {
    const { stable, end, openTransaction, unread } = place;
    const isThere = unread === 0 || positionOf(place) >= stable;
    if (stable >= end || openTransaction === null || !isThere || readsUncommitted(place)) return [];
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

/** Markers of committed transactions are no records either, and nothing is amiss where they stand alone. */
export function allAborted({ partitions }: GroupSituation): Finding[] {
  return partitions.flatMap((place) => {
    const { committed, start, stable, unread, hasAborted } = place;
    const from = Math.max(committed ?? start, start);
    if (unread !== 0 || from >= stable || hasAborted !== true || readsUncommitted(place)) return [];
    return {
      cause: 'all-aborted' as const,
      sentence: `All that ${nameOf(place)} holds from offset ${from} on was aborted, or is a marker of a transaction.`,
      evidence: [`Between offset ${from} and ${stable} no record is visible to read_committed consumers.`],
      next: 'See why the producer aborts its transactions.',
    };
  });
}

export function belowStart({ partitions }: GroupSituation): Finding[] {
  return partitions.flatMap((place) => {
    const { committed, start } = place;
    if (committed === null || committed >= start) return [];
    const [was, it] = start - committed === 1 ? ['was', 'it'] : ['were', 'them'];
    return {
      cause: 'below-start' as const,
      sentence: `The group has committed offset ${committed} of ${nameOf(place)}, which begins at ${start}: ${count(start - committed, 'offset')} ${was} deleted before the group read ${it}.`,
      evidence: ['Retention, compaction or DeleteRecords moved the start of the log.'],
      next: 'The consumer goes on where auto.offset.reset says. Raise retention.ms or retention.bytes when records must wait longer.',
    };
  });
}

/** By where its members began to fetch, where that is known; else by what it has not committed. */
export function beganAtEnd({ type, members, partitions }: GroupSituation): Finding[] {
  const owned = new Set(members.flatMap(({ assigned }) => assigned.map(nameOf)));
  const skipped = partitions.flatMap((place) => {
    const { start, end } = place;
    if (end === start || !owned.has(nameOf(place))) return [];
    const upTo = beginningOf(place);
    return upTo > start ? [{ ...place, upTo }] : [];
  });
  if (skipped.length === 0) return [];
  const before = skipped.reduce((sum, { start, upTo }) => sum + upTo - start, 0);
  const isSeen = skipped.every(({ fetched }) => fetched !== null);
  const [setting, next] =
    type === 'share'
      ? [
          'share.auto.offset.reset',
          'Set share.auto.offset.reset of the group to earliest (kafka-configs --entity-type groups)',
        ]
      : ['auto.offset.reset', 'Set auto.offset.reset to earliest (kafkajs: fromBeginning: true)'];
  const it = before === 1 ? 'it' : 'them';
  return [
    {
      cause: 'began-at-end',
      sentence: isSeen
        ? `The group began to read ${names(skipped)} behind ${count(before, 'offset')}, and never saw ${it}: it had committed nothing, and ${setting} is latest.`
        : `The group has committed nothing for ${names(skipped)}, where ${before === 1 ? '1 offset lies' : `${before} offsets lie`}: a consumer whose ${setting} is latest begins behind ${it}.`,
      evidence: skipped
        .slice(0, SHOWN)
        .map((place) => `${nameOf(place)} holds offsets ${place.start} to ${place.end - 1}.`),
      next: `${next}, or start the consumer before records are produced.`,
    },
  ];
}

/** Where a group began that has read nothing since; the log's start where it may have read what is before that. */
function beginningOf({ start, end, committed, fetched }: SituatedPartition): number {
  if (committed === null) return fetched === null ? end : Math.min(fetched.first, end);
  const began = fetched?.began ?? null;
  const hasMoved = began === null || committed > began || fetched!.last > began;
  return hasMoved ? start : Math.min(began, end);
}

export function similarTopics(situation: GroupSituation): Finding[] {
  const { topics, partitions, similar } = situation;
  const empty = new Set(topics.keys());
  for (const { topic, start, end } of partitions) if (end > start) empty.delete(topic);
  return subscribedBy(situation).flatMap(({ topic }) => {
    if (!empty.has(topic) || !partitions.some((place) => place.topic === topic)) return [];
    const near = (similar.get(topic) ?? []).filter(({ records }) => records !== 0);
    if (near.length === 0) return [];
    return {
      cause: 'similar-topic' as const,
      sentence: `The topic '${topic}' is empty, and there ${verb(near, 'is a topic', 'are topics')} of a similar name: ${near.map(({ name }) => name).join(', ')}.`,
      evidence: near.flatMap(({ name, records }) =>
        records === null ? [] : [`'${name}' holds ${count(records, 'record')}.`],
      ),
      next: 'Compare the name that the producer uses with the one that the consumer uses.',
    };
  });
}

export function allRead({ partitions }: GroupSituation): Finding[] {
  if (partitions.length === 0) return [];
  const isCommitted = partitions.every(hasCommittedAll);
  const isRead = (place: SituatedPartition): boolean => hasCommittedAll(place) || wasGivenAll(place);
  if (!partitions.every((place) => isRead(place) && !hasSkipped(place))) return [];
  const held = partitions.reduce((sum, { start, end }) => sum + end - start, 0);
  return [
    {
      cause: 'all-read',
      sentence: allReadSentence(partitions, held, isCommitted),
      evidence: partitions
        .slice(0, SHOWN)
        .map((place) => `${nameOf(place)} ends at ${place.end}; committed is ${place.committed ?? 'nothing'}.`),
      next: isCommitted
        ? 'Produce a record, or look whether the producer sends to another topic.'
        : 'Produce a record. A consumer that commits nothing reads all of it again after it has started anew.',
    },
  ];
}

function allReadSentence(partitions: readonly SituatedPartition[], held: number, isCommitted: boolean): string {
  if (held === 0) return `${names(partitions)} ${verb(partitions, 'is', 'are')} empty: there is nothing to read.`;
  return isCommitted
    ? `The group has read all that there is in ${names(partitions)}.`
    : `The group was given all that there is in ${names(partitions)}, and has not committed it.`;
}

function hasCommittedAll(place: SituatedPartition): boolean {
  const { start, stable, end, unread, committed } = place;
  const isServed = stable >= end || readsUncommitted(place);
  return isServed && (end === start || unread === 0 || (committed !== null && committed >= end));
}

/** Began to read behind records that it never saw. */
function hasSkipped(place: SituatedPartition): boolean {
  const { start, end, fetched } = place;
  return fetched !== null && end > start && beginningOf(place) > start;
}

/** Who asks for what comes next has what was before. */
function wasGivenAll({ stable, end, fetched }: SituatedPartition): boolean {
  return fetched !== null && fetched.last >= end && (stable >= end || fetched.isUncommitted);
}
