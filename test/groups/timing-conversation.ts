/**
 * A conversation about time: delays, sessions, time-outs, and how many rebalances each event costs. Held with Apache
 * Kafka and with Ottla, with group.max.size=2, group.initial.rebalance.delay.ms=1000, group.min.session.timeout.ms=100.
 */
import {
  DescribeGroups,
  Heartbeat,
  JoinGroup,
  LeaveGroup,
  OffsetCommit,
  SyncGroup,
} from '../../protocol/apis/index.ts';
import type { Api, Draft, Fields, Values } from '../../protocol/schema.ts';

export const TIMING_CONFIG = {
  'group.max.size': 2,
  'group.initial.rebalance.delay.ms': 1000,
  'group.min.session.timeout.ms': 100,
};

/** Sends through the client's own connection. */
export type SendAs = <Req extends Fields, Res extends Fields>(
  client: string,
  api: Api<Req, Res>,
  version: number,
  draft: Draft<Req>,
) => Promise<Values<Res>>;

type JoinDraft = Draft<(typeof JoinGroup)['request']['fields']>;
class Timing {
  readonly lines: string[] = [];
  readonly #send: SendAs;
  readonly #wait: (ms: number) => Promise<void>;
  readonly #run: string;
  readonly #ids = new Map<string, string>();
  #group = '';

  constructor(send: SendAs, wait: (ms: number) => Promise<void>, run: string) {
    this.#send = send;
    this.#wait = wait;
    this.#run = run;
  }

  about(group: string): void {
    this.#group = `${this.#run}-${group}`;
    this.#ids.clear();
    this.lines.push(`# ${group}`);
  }

  async wait(ms: number): Promise<void> {
    await this.#wait(ms);
    this.lines.push(`${ms} ms pass`);
  }

  say(line: string): void {
    this.lines.push(line);
  }

  /** Joins as the member that the client is; `joined` notes what is answered. */
  begin(client: string, more: Partial<JoinDraft> = {}): Promise<string> {
    const draft = {
      groupId: this.#group,
      sessionTimeoutMs: 30_000,
      rebalanceTimeoutMs: 3000,
      memberId: this.#ids.get(client) ?? '',
      protocolType: 'consumer',
      protocols: [{ name: 'range', metadata: Buffer.alloc(0) }],
      ...more,
    };
    return this.#send(client, JoinGroup, draft.groupInstanceId === undefined ? 3 : 5, draft).then((answer) => {
      if (answer.memberId !== '') this.#ids.set(client, answer.memberId);
      const { errorCode, generationId, members } = answer;
      const leads = answer.leader === answer.memberId ? ', leads' : '';
      return errorCode === 0
        ? `  ${client} has joined: generation ${generationId}${leads}, is told of ${members.length}`
        : `  ${client} has not joined: ${errorCode}`;
    });
  }

  async joined(...joining: Promise<string>[]): Promise<void> {
    for (const line of await Promise.all(joining)) this.say(line);
  }

  join(client: string, more: Partial<JoinDraft> = {}): Promise<void> {
    return this.joined(this.begin(client, more));
  }

  async sync(client: string, generationId: number, ...assigned: string[]): Promise<void> {
    const memberId = this.#ids.get(client) ?? '';
    const assignments = assigned.map((each) => ({
      memberId: this.#ids.get(each) ?? '',
      assignment: Buffer.from(each),
    }));
    const answer = await this.#send(client, SyncGroup, 3, {
      groupId: this.#group,
      generationId,
      memberId,
      assignments,
    });
    this.say(`  ${client} has synced: ${answer.errorCode} [${Buffer.from(answer.assignment).toString()}]`);
  }

  async beat(client: string, generationId: number): Promise<void> {
    const memberId = this.#ids.get(client) ?? '';
    const answer = await this.#send(client, Heartbeat, 3, { groupId: this.#group, generationId, memberId });
    this.say(`  ${client} beats: ${answer.errorCode}`);
  }

  async leave(client: string): Promise<void> {
    const members = [{ memberId: this.#ids.get(client) ?? '' }];
    const answer = await this.#send(client, LeaveGroup, 4, { groupId: this.#group, members });
    this.say(`  ${client} leaves: ${answer.members[0].errorCode}`);
  }

  /** On a connection of its own: that of the member may wait for another answer. */
  async commit(client: string, generationId: number): Promise<void> {
    const answer = await this.#send('onlooker', OffsetCommit, 7, {
      groupId: this.#group,
      memberId: this.#ids.get(client) ?? '',
      generationIdOrMemberEpoch: generationId,
      topics: [{ name: 't1', partitions: [{ partitionIndex: 0, committedOffset: 5, committedMetadata: '' }] }],
    });
    this.say(`  ${client} commits: ${answer.topics[0].partitions[0].errorCode}`);
  }

  async state(): Promise<void> {
    const { groups } = await this.#send('onlooker', DescribeGroups, 4, { groups: [this.#group] });
    this.say(`  ${groups[0].groupState}, ${groups[0].members.length} members`);
  }

  /** Both members, stable in generation 1. */
  async two(a: Partial<JoinDraft> = {}, b: Partial<JoinDraft> = {}): Promise<void> {
    const first = this.begin('a', a);
    await this.wait(100);
    const second = this.begin('b', b);
    await this.wait(2000);
    await this.joined(first, second);
    await this.sync('a', 1, 'a', 'b');
    await this.sync('b', 1);
    await this.state();
  }
}

/** `wait` lets time pass; the margins are such that a real broker keeps them. */
export async function converseAboutTime(
  send: SendAs,
  wait: (ms: number) => Promise<void>,
  run: string,
): Promise<string[]> {
  const talk = new Timing(send, wait, run);
  await initialDelay(talk);
  await sizes(talk);
  await sessions(talk);
  await timeOuts(talk);
  await rebalances(talk);
  await statics(talk);
  return talk.lines;
}

async function initialDelay(talk: Timing): Promise<void> {
  talk.about('the first members of a group are waited for');
  const first = talk.begin('a');
  await talk.wait(500);
  const second = talk.begin('b');
  await talk.wait(1000);
  talk.say('the delay has begun anew with the second');
  await talk.state();
  await talk.wait(1000);
  await talk.joined(first, second);
  await talk.state();
}

async function sizes(talk: Timing): Promise<void> {
  talk.about('a group is full');
  await talk.two();
  await talk.join('c');
  await talk.join('d', { groupInstanceId: null });
  await talk.join('e', { groupInstanceId: 'i' });
  await talk.state();
  await talk.beat('a', 1);
}

async function sessions(talk: Timing): Promise<void> {
  talk.about('a session ends');
  await talk.two({}, { sessionTimeoutMs: 1000 });
  await talk.wait(600);
  await talk.beat('b', 1);
  await talk.wait(700);
  talk.say('a heartbeat has begun it anew');
  await talk.state();
  await talk.wait(700);
  await talk.state();
  await talk.beat('b', 1);
  await talk.beat('a', 1);
  await talk.commit('a', 1);
  await talk.join('a');
  await talk.sync('a', 2, 'a');
  talk.about('a commit is a heartbeat');
  await talk.two({}, { sessionTimeoutMs: 1000 });
  await talk.wait(600);
  await talk.commit('b', 1);
  await talk.wait(700);
  await talk.state();
  await talk.wait(700);
  await talk.state();
}

async function timeOuts(talk: Timing): Promise<void> {
  talk.about('a member does not join again in time');
  await talk.two({ rebalanceTimeoutMs: 1500 }, { rebalanceTimeoutMs: 1500 });
  await talk.leave('b');
  const joining = talk.begin('b', { memberId: '', rebalanceTimeoutMs: 1500 });
  await talk.wait(600);
  await talk.beat('a', 1);
  await talk.commit('a', 1);
  await talk.state();
  await talk.wait(1200);
  await talk.joined(joining);
  await talk.beat('a', 1);
  talk.about('a member never syncs');
  const first = talk.begin('a', { rebalanceTimeoutMs: 1500 });
  await talk.wait(100);
  const second = talk.begin('b', { rebalanceTimeoutMs: 1500 });
  await talk.wait(2000);
  await talk.joined(first, second);
  const syncing = talk.sync('b', 1);
  await talk.wait(400);
  await talk.commit('b', 1);
  await talk.wait(1200);
  await syncing;
  await talk.state();
  await talk.beat('a', 1);
}

async function rebalances(talk: Timing): Promise<void> {
  talk.about('what costs a rebalance and what does not');
  await talk.two();
  talk.say('the follower joins again as it was');
  await talk.join('b');
  talk.say('the leader joins again as it was');
  const again = talk.begin('a');
  await talk.wait(100);
  await talk.beat('b', 1);
  await talk.joined(again, talk.begin('b'));
  await talk.sync('a', 2, 'a', 'b');
  await talk.sync('b', 2);
  talk.say('the follower changes its metadata');
  const changed = talk.begin('b', { protocols: [{ name: 'range', metadata: Buffer.from('other') }] });
  await talk.wait(100);
  await talk.beat('a', 2);
  await talk.joined(changed, talk.begin('a'));
  talk.say('and while all are to sync, joins again');
  await talk.join('b', { protocols: [{ name: 'range', metadata: Buffer.from('other') }] });
  await talk.sync('a', 3, 'a', 'b');
  await talk.sync('b', 3);
  talk.say('one leaves');
  await talk.leave('b');
  await talk.beat('a', 3);
  await talk.join('a');
  await talk.leave('a');
  await talk.state();
}

async function statics(talk: Timing): Promise<void> {
  talk.about('a static member is away for less than its session, and for longer');
  const settings = { groupInstanceId: 'i', sessionTimeoutMs: 2000 };
  const joining = talk.begin('a', settings);
  await talk.wait(1300);
  await talk.joined(joining);
  await talk.sync('a', 1, 'a');
  await talk.wait(1000);
  await talk.join('b', settings);
  await talk.beat('a', 1);
  await talk.beat('b', 1);
  await talk.wait(1500);
  await talk.state();
  await talk.wait(1000);
  await talk.state();
  await talk.beat('b', 1);
}
