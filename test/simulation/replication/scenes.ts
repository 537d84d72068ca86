/**
 * Moments that chance hardly ever makes, each in which one rule of replication alone keeps what was acknowledged. Where the rule
 * holds, all ends well; the mutant that breaks it must be seen.
 *
 * a, b and c have replicas; a is the preferred leader.
 */
import { RemoteChannel } from '../../../src/peers/remote-channel.ts';
import { seededRandom } from '../../../src/platform/random.ts';
import { diskError } from '../../../src/platform/memory-files.ts';
import { HOSTS, type Host } from '../cluster/simulated-cluster.ts';
import { valuesOn } from './replicas-checker.ts';
import { Stage, type StageOptions } from './stage.ts';

export interface Scene {
  readonly name: string;
  readonly options?: StageOptions;
  play(stage: Stage): Promise<void>;
}

/** Plays a scene. Answers what is wrong in the end, or on the way. */
export async function play(scene: Scene, seed: number): Promise<readonly string[]> {
  const stage = await Stage.open(seed, scene.options ?? {});
  try {
    await scene.play(stage);
  } catch (error) {
    stage.say(`the scene ends early: ${(error as Error).message}`);
  }
  return stage.close();
}

/** Long enough for elections, and for what should not happen. */
const ELECTION_MS = 3000;
/** Long enough for a proposal to be decided, and for no follower to catch up over connections that have to be made first. */
const MOMENT_MS = 100;

/** The first two to go leave the third alone, which leads if it is thought to be in sync. */
async function leaveAlone(stage: Stage, ...killed: readonly Host[]): Promise<void> {
  for (const host of killed) {
    stage.cluster.kill(host);
    await stage.until(`${host} is not in sync`, () => !stage.isInSync(host) || stage.image.isr.length === 0);
  }
  await stage.advance(ELECTION_MS);
}

/** A machine without power has lost all that was not synced. */
async function losePower(stage: Stage, host: Host): Promise<void> {
  stage.cluster.kill(host, 'power, nothing kept');
  stage.cluster.start(host);
  await stage.until(`${host} serves`, () => stage.serves(host));
}

async function goneAndBack(stage: Stage, host: Host, others: readonly Host[]): Promise<void> {
  stage.cluster.kill(host);
  await stage.untilInSync(...others);
}

/**
 * b leads, then a, then b again. c has a record of b's first term, then cuts it and has one of a's. In b's second term c can fetch
 * nothing; what b believes of c is of its first term. `isLate`: then comes a fetch that c had sent in b's first term.
 */
async function threeTerms(stage: Stage, isLate: boolean): Promise<void> {
  const { cluster } = stage;
  await goneAndBack(stage, 'a', ['b', 'c']);
  cluster.start('a');
  await stage.untilInSync('a', 'b', 'c');
  await stage.acknowledge('b', 5);
  const knows = (endOffset: number) => () => stage.at('b').leaderState?.endOffsetOf(3) === endOffset;
  stage.cut('a', 'b'); // the fetch that waits at b gets one record more
  void stage.produce('b', 1);
  await stage.until('b knows that c has the first record', knows(6));
  if (isLate) stage.cut('c', 'b');
  void stage.produce('b', 1);
  await stage.until('c has the second record', () => stage.at('c').endOffset === 7);
  if (isLate) await stage.advance(MOMENT_MS);
  else await stage.until('b knows it', knows(7));
  stage.separate('a', 'b');
  stage.separate('b', 'c');
  await stage.electPreferred();
  await stage.until('a leads', () => stage.leads('a'));
  await cluster.settled('a has a record', stage.produce('a', 1));
  const isCut = (): boolean => stage.at('c').leaderEpoch === stage.at('a').leaderEpoch && stage.at('c').endOffset === 7;
  await stage.until('c follows a', () => isCut() && stage.at('c').log.epochOf(6) === stage.at('a').leaderEpoch);
  cluster.kill('a');
  await stage.until('b leads again', () => stage.leads('b') && stage.image.leader === 2 && !stage.isInSync('a'));
  if (isLate) stage.heal('c', 'b');
  await stage.advance(MOMENT_MS);
  cluster.kill('b');
  await stage.until('c leads', () => stage.leads('c'));
}

type Asked = Parameters<RemoteChannel['alterPartitions']>;
type Answered = ReturnType<RemoteChannel['alterPartitions']>;

/** Proposals of in-sync replicas wait on their way to the controller, until `release`. */
function holdProposals(): { readonly count: () => number; readonly release: () => void } {
  const prototype: { alterPartitions: (this: RemoteChannel, ...asked: Asked) => Answered } = RemoteChannel.prototype;
  const original = prototype.alterPartitions;
  let count = 0;
  let open!: () => void;
  const gate = new Promise<void>((resolve) => (open = resolve));
  prototype.alterPartitions = async function (topics) {
    count++;
    await gate;
    return original.call(this, topics);
  };
  const release = (): void => {
    prototype.alterPartitions = original;
    open();
  };
  return { count: () => count, release };
}

export const lateFetchOfDeadProcess: Scene = {
  name: 'a fetch comes late, of a process whose successor has lost its records',
  async play(stage) {
    await stage.acknowledge('a', 5);
    stage.cut('b', 'a');
    const last = stage.produce('a');
    await stage.until('b has the record, and has asked on', () => stage.at('b').endOffset === 6);
    await stage.advance(MOMENT_MS);
    stage.cut('a', 'b');
    await stage.untilInSync('a', 'c');
    await stage.cluster.settled('it is acknowledged', last);
    await losePower(stage, 'b');
    await stage.advance(MOMENT_MS);
    stage.heal('b', 'a');
    await stage.advance(MOMENT_MS);
    await leaveAlone(stage, 'c', 'a');
  },
};

export const lateFetchOfEarlierTerm: Scene = {
  name: 'a fetch comes late, of an earlier term of the same leader',
  options: { settings: { 'replica.lag.time.max.ms': '10000' } },
  play: (stage) => threeTerms(stage, true),
};

export const secondTerm: Scene = {
  name: 'a broker leads again, and a follower has cut what it had in its first term',
  options: { settings: { 'replica.lag.time.max.ms': '10000' } },
  play: (stage) => threeTerms(stage, false),
};

export const joinsBehind: Scene = {
  name: 'the two that are in sync are killed while the third catches up',
  options: { settings: { 'replica.fetch.max.bytes': '1' }, longestDelayMs: 20 },
  async play(stage) {
    await goneAndBack(stage, 'b', ['a', 'c']);
    await stage.acknowledge('a', 50);
    stage.cluster.start('b');
    const hasBegun = (): boolean => stage.serves('b') && stage.at('b').endOffset > 0;
    await stage.until('b has begun to fetch', hasBegun);
    await stage.advance(2 * MOMENT_MS);
    if (stage.at('b').endOffset === stage.at('a').endOffset) stage.say('b has caught up too soon for this scene');
    stage.cluster.kill('c');
    stage.cluster.kill('a');
    await stage.advance(ELECTION_MS);
  },
};

export const followerCutOff: Scene = {
  name: 'a follower reaches the controller, and not its leader',
  async play(stage) {
    stage.separate('a', 'b');
    let acknowledged = 0;
    for (const endMs = stage.cluster.nowMs + 8000; stage.cluster.nowMs < endMs;) {
      if (await stage.cluster.settled('an answer comes', stage.produce('a'))) acknowledged++;
    }
    if (acknowledged < 20)
      stage.say(`${acknowledged} records are acknowledged in 8 s although two replicas are in sync`);
  },
};

export const slowDisks: Scene = {
  name: 'followers have slow disks, and flush.messages is 1',
  options: { settings: { 'log.flush.interval.messages': '1' } },
  async play(stage) {
    for (const { host, disk } of stage.cluster.all) if (host !== 'a') disk.syncTurns = () => 60;
    stage.client.onAcknowledged = ({ offset, value }) => {
      for (const { host, disk, nodeId } of stage.cluster.all) {
        if (!stage.image.isr.includes(nodeId)) continue;
        const safe = disk.survivors('power, nothing kept', seededRandom(1));
        if (valuesOn(safe, 'replicated', 0).get(offset) !== value)
          stage.say(`'${value}' is acknowledged, and not on the disk of ${host}`);
      }
    };
    await stage.acknowledge('a', 5);
  },
};

export const lateProposalOfEarlierState: Scene = {
  name: 'a proposal comes late: a replica that it has in sync was taken out meanwhile',
  options: { minInsyncReplicas: 1 },
  async play(stage) {
    await goneAndBack(stage, 'b', ['a', 'c']);
    const proposals = holdProposals();
    try {
      stage.cluster.start('b');
      await stage.until('a proposes b', () => proposals.count() > 0);
      stage.separate('a', 'b');
      stage.separate('a', 'c');
      stage.cluster.setStopped('c', true);
      await stage.untilInSync('a');
      await stage.advance(2 * ELECTION_MS);
      await stage.acknowledge('a', 5);
      stage.cluster.setStopped('c', false);
      await stage.until('c serves', () => stage.serves('c'));
    } finally {
      proposals.release();
    }
    await stage.advance(MOMENT_MS);
    stage.cluster.kill('a');
    await stage.advance(ELECTION_MS);
  },
};

export const lateProposalOfDeadProcess: Scene = {
  name: 'a proposal comes late: the process that it has in sync is no more, and its successor has lost its records',
  async play(stage) {
    await goneAndBack(stage, 'b', ['a', 'c']);
    await stage.acknowledge('a', 5);
    const proposals = holdProposals();
    try {
      stage.cluster.start('b');
      await stage.until('a proposes b', () => proposals.count() > 0);
      stage.separate('a', 'b');
      await losePower(stage, 'b');
    } finally {
      proposals.release();
    }
    await stage.advance(MOMENT_MS);
    await leaveAlone(stage, 'c', 'a');
  },
};

export const leaderWithoutPower: Scene = {
  name: 'a leader loses its power and all that was not synced, and is back at once',
  async play(stage) {
    await stage.acknowledge('a', 5);
    for (const host of HOSTS) stage.cut(host, 'a'); // nobody finds its port closed
    await losePower(stage, 'a');
    for (const host of HOSTS) stage.heal(host, 'a');
    await stage.advance(ELECTION_MS);
  },
};

export const eligibleWithoutPower: Scene = {
  name: 'a replica that is eligible (KIP-966) loses its power and all that was not synced',
  async play(stage) {
    await goneAndBack(stage, 'c', ['a', 'b']);
    await stage.acknowledge('a', 5);
    stage.cluster.kill('b', 'power, nothing kept');
    await stage.untilInSync('a');
    stage.separate('a', 'b');
    stage.cluster.start('b');
    await stage.until('b serves', () => stage.serves('b'));
    stage.cluster.kill('a');
    await stage.advance(ELECTION_MS);
  },
};

export const fullDisk: Scene = {
  name: 'the disk of a leader is full, then that of a follower',
  async play(stage) {
    for (const [host, leader] of [
      ['a', 'b'],
      ['c', 'b'],
    ] as const) {
      stage.cluster.get(host).disk.before = () => {
        throw diskError('ENOSPC', 'write', '/data');
      };
      void stage.produce('a');
      void stage.produce('b', 1);
      await stage.until(`${host} has ended`, () => stage.cluster.get(host).process === null);
      await stage.until(`${leader} leads`, () => stage.leads(leader));
      await stage.acknowledge(leader, 5);
      stage.cluster.start(host);
      await stage.untilInSync('a', 'b', 'c');
    }
  },
};

export const scenes: readonly Scene[] = [
  lateFetchOfDeadProcess,
  lateFetchOfEarlierTerm,
  secondTerm,
  joinsBehind,
  followerCutOff,
  slowDisks,
  lateProposalOfEarlierState,
  lateProposalOfDeadProcess,
  leaderWithoutPower,
  eligibleWithoutPower,
  fullDisk,
];
