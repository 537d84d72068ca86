/** What must be true of a broker that was started on what a crash left. */
import { Produce } from '../../protocol/apis/00-produce.ts';
import type { Partition } from '../../src/partitions/partition.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import type { CrashDisk, Survival } from './crash-disk.ts';
import { GROUP, startOn, SYNCED, UNSYNCED, type Attempt, type Running, type Story } from './workload.ts';

export interface Crash {
  readonly story: Story;
  /** So many changes had been made. */
  readonly at: number;
  readonly survival: Survival;
  /** Bits were flipped too: what was hit may be missing, if the log says so; nothing may be wrong. */
  readonly isDamaged?: boolean;
}

/** Everything that is wrong, in words; nothing when all promises were kept. */
export async function check(crash: Crash, disk: CrashDisk): Promise<string[]> {
  const wrong: string[] = [];
  const said: string[] = [];
  const note = (event: string) => void said.push(event);
  let running: Running;
  try {
    running = await startOn(disk, crash.story.seed + 2, { ...silentLogger, warn: note, error: note });
  } catch (error) {
    return crash.isDamaged === true ? [] : [`the broker does not start: ${(error as Error).message}`];
  }
  for (const name of [UNSYNCED, SYNCED]) {
    const there = crash.story.topics.find((topic) => topic.name === name);
    if (there === undefined || there.from > crash.at) continue;
    const topic = running.broker.parts.partitions.topicByName(name);
    if (topic === undefined) {
      // The last change of the metadata log, damaged, looks like one that was torn: cut, and said.
      if (crash.isDamaged !== true || said.length === 0) wrong.push(`topic ${name} is gone`);
      continue;
    }
    for (const partition of topic.partitions) await checkPartition(crash, running, partition!, wrong, said);
  }
  if (crash.isDamaged !== true) checkCommits(crash, running, wrong);
  await running.broker.stop();
  return wrong;
}

async function checkPartition(
  crash: Crash,
  running: Running,
  partition: Partition,
  wrong: string[],
  said: readonly string[],
): Promise<void> {
  const { story, at, survival, isDamaged = false } = crash;
  const where = `${partition.topic}-${partition.index}`;
  const attempts = story.attempts.filter(
    (one) => one.topic === partition.topic && one.partition === partition.index && one.sentAt <= at,
  );
  const found = new Map<number, string>();
  let next = partition.logStartOffset;
  try {
    for (const batch of partition.batches(next, partition.endOffset)) {
      for (const { offset, value } of batch.records()) {
        if (offset < partition.logStartOffset) continue; // the rest of a batch that records were deleted from
        if (offset !== next) wrong.push(`${where}: offset ${offset} comes where ${next} should`);
        next = offset + 1;
        found.set(offset, String(value));
      }
    }
    if (next !== partition.endOffset) wrong.push(`${where}: records end at ${next}, the log at ${partition.endOffset}`);
  } catch (error) {
    if (!isDamaged) wrong.push(`${where}: cannot be read: ${(error as Error).message}`);
  }
  checkValues(where, attempts, found, wrong);
  if (isDamaged) {
    checkLossIsSaid(where, crash, attempts, found, said, wrong);
    return;
  }
  const mayStartAt = latestStart(crash, partition);
  if (partition.logStartOffset > mayStartAt)
    wrong.push(`${where}: begins at ${partition.logStartOffset}, was never moved beyond ${mayStartAt}`);
  if (survival !== 'kill' && partition.topic !== SYNCED) return;
  for (const { ackedAt, baseOffset, values } of attempts) {
    for (const [i, value] of values.entries()) {
      const offset = baseOffset + i;
      if (ackedAt > at || offset < partition.logStartOffset || found.get(offset) === value) continue;
      wrong.push(`${where}: ${value} was acknowledged at ${offset} and is gone`);
    }
  }
  await checkDuplicates(crash, running, partition, attempts, found, wrong);
}

/** Each value where it was acknowledged, or once somewhere if it was not. */
function checkValues(
  where: string,
  attempts: readonly Attempt[],
  found: ReadonlyMap<number, string>,
  wrong: string[],
): void {
  const known = new Map<string, number>();
  for (const { values, baseOffset } of attempts)
    for (const [i, value] of values.entries()) known.set(value, baseOffset < 0 ? -1 : baseOffset + i);
  const seen = new Set<string>();
  for (const [offset, value] of found) {
    const expected = known.get(value);
    if (expected === undefined) wrong.push(`${where}: ${offset} holds ${value.slice(0, 30)}, which nobody sent`);
    else if (expected >= 0 && expected !== offset)
      wrong.push(`${where}: ${value.slice(0, 30)} is at ${offset}, was acknowledged at ${expected}`);
    if (seen.has(value)) wrong.push(`${where}: ${value.slice(0, 30)} is there twice`);
    seen.add(value);
  }
}

function checkLossIsSaid(
  where: string,
  { at }: Crash,
  attempts: readonly Attempt[],
  found: ReadonlyMap<number, string>,
  said: readonly string[],
  wrong: string[],
): void {
  if (said.length > 0) return;
  const start = Math.min(...found.keys());
  for (const { ackedAt, baseOffset, values } of attempts) {
    if (ackedAt <= at && baseOffset >= start && found.get(baseOffset) !== values[0])
      wrong.push(`${where}: ${baseOffset} is missing without a word`);
  }
}

/** Where the log began at the latest by the end of the step that the crash fell into. */
function latestStart({ story, at }: Crash, { topic, index }: Partition): number {
  if (topic === SYNCED) return 0; // nothing is ever deleted there
  const starts = story.starts.filter((one) => one.topic === topic && one.partition === index);
  const after = starts.find((one) => one.at >= at);
  return after?.offset ?? starts.at(-1)?.offset ?? 0;
}

/** What a producer sends again, having got no answer, must not be there twice; what comes next goes to the end. */
async function checkDuplicates(
  { story, at }: Crash,
  running: Running,
  partition: Partition,
  attempts: readonly Attempt[],
  found: ReadonlyMap<number, string>,
  wrong: string[],
): Promise<void> {
  const where = `${partition.topic}-${partition.index}`;
  const last = attempts.findLast((one) => one.producerId >= 0 && one.ackedAt <= at);
  if (last === undefined || !found.has(last.baseOffset)) return;
  const isNewest = story.attempts.findLast((one) => one.producerId === last.producerId && one.sentAt <= at) === last;
  if (!isNewest) return;
  const end = partition.endOffset;
  const { errorCode, baseOffset } = await produce(running, partition, Buffer.from(last.records));
  if (errorCode !== 0 || baseOffset !== last.baseOffset || partition.endOffset !== end) {
    wrong.push(
      `${where}: a batch sent again answers ${errorCode} at ${baseOffset}, was at ${last.baseOffset}; the log went from ${end} to ${partition.endOffset}`,
    );
  }
}

function produce(
  running: Running,
  { topic, index }: Partition,
  records: Buffer,
): Promise<{ errorCode: number; baseOffset: number }> {
  return new Promise((resolve) => {
    running.clients[0].send(
      Produce,
      9,
      {
        transactionalId: null,
        acks: -1,
        timeoutMs: 1000,
        topicData: [{ name: topic, partitionData: [{ index, records }] }],
      },
      ({ responses }) => resolve(responses[0].partitionResponses[0]),
    );
  });
}

function checkCommits({ story, at, survival }: Crash, running: Running, wrong: string[]): void {
  const { groups } = running.broker.parts;
  const response = groups.fetchOffsets({ groupId: GROUP, topics: null }, false);
  const committed = new Map(
    response.topics.flatMap(({ name, partitions }) =>
      name === SYNCED
        ? partitions.map(({ partitionIndex, committedOffset }) => [partitionIndex, committedOffset] as const)
        : [],
    ),
  );
  for (const partition of [0, 1]) {
    const sent = story.commits.filter((one) => one.partition === partition && one.sentAt <= at);
    const last = sent.findLast(({ ackedAt }) => ackedAt <= at);
    const got = committed.get(partition) ?? -1;
    const allowed =
      survival === 'kill'
        ? sent.slice(last === undefined ? 0 : sent.indexOf(last)).map(({ offset }) => offset)
        : sent.map(({ offset }) => offset);
    if (last === undefined || survival !== 'kill') allowed.push(-1);
    if (!allowed.includes(got))
      wrong.push(`group ${GROUP}: partition ${partition} is at ${got}, should be at ${allowed.join(' or ')}`);
  }
}
