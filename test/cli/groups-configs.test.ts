import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { JoinGroup, SyncGroup } from '../../protocol/apis/index.ts';
import { connect } from '../../protocol/client.ts';
import { startBroker, type RunningBroker } from '../../src/broker/broker.ts';
import { linesOf, ottla } from './session.ts';

let broker: RunningBroker;
let at: string[];

beforeAll(async () => {
  const settings = { listeners: 'PLAINTEXT://127.0.0.1:0', 'group.initial.rebalance.delay.ms': '0' };
  broker = await startBroker({ memory: true, settings });
  at = ['-b', broker.bootstrap];
});

afterAll(() => broker.stop());

async function groupWith(group: string, topic: string): Promise<void> {
  await linesOf(['produce', topic, 'a', 'b', 'c', ...at]);
  await linesOf(['consume', topic, '-g', group, '-e', ...at]);
}

describe('ottla groups', () => {
  test('lists, describes, resets and deletes', async () => {
    await groupWith('audit', 'orders');
    expect(await linesOf(['groups', ...at])).toEqual(['GROUP  STATE  TYPE', 'audit  Empty  classic']);
    expect(await linesOf(['groups', 'list', '-q', ...at])).toEqual(['audit']);
    const reset = ['groups', 'reset-offsets', 'audit', '--topic', 'orders', '--to'];
    expect(await linesOf([...reset, '-2', '--dry-run', ...at])).toEqual([
      'TOPIC   PARTITION  FROM  TO',
      'orders          0     3   1',
    ]);
    expect(await linesOf(['groups', 'describe', 'audit', ...at])).toEqual([
      'audit  Empty, 0 members, lag 0',
      'TOPIC   PARTITION  COMMITTED  END  LAG  READ BY',
      'orders          0          3    3    0  no member',
    ]);
    await linesOf([...reset, 'beginning', ...at]);
    expect(await linesOf(['consume', 'orders', '-g', 'audit', '-c', '1', ...at])).toEqual(['a']);
    const moves = JSON.parse((await ottla([...reset, '2', '--json', ...at])).out) as object;
    expect(moves).toEqual([{ topic: 'orders', partition: 0, from: 1, to: 2 }]);
    expect(await linesOf(['groups', 'delete', 'audit', ...at])).toEqual(['deleted audit']);
    expect((await ottla(['groups', 'describe', 'audit', ...at])).code).toBe(1);
  });

  test('tells why a group gets nothing', async () => {
    await groupWith('late', 'shipments');
    const [sentence, ...rest] = await linesOf(['groups', 'why', 'late', ...at]);
    expect(sentence).toBe('The group has no members: no consumer is running in it.');
    expect(rest.join(' ')).toContain('The group has read all that there is in shipments[0].');
    const missing = JSON.parse((await ottla(['groups', 'why', 'nobody-there', '--json', ...at])).out) as object;
    expect(missing).toMatchObject([{ cause: 'no-such-group' }]);
  });

  test('shows a member whose subscription is in its own format', async () => {
    const client = await connect({ host: '127.0.0.1', port: Number(broker.bootstrap.split(':')[1]) });
    const asked = {
      groupId: 'odd',
      sessionTimeoutMs: 30_000,
      rebalanceTimeoutMs: 30_000,
      protocolType: 'consumer',
      protocols: [{ name: 'own', metadata: Buffer.from([0, 1, 0x7f]) }],
    };
    const first = await client.send(JoinGroup, 9, { ...asked, memberId: '' });
    const { memberId, generationId } = await client.send(JoinGroup, 9, { ...asked, memberId: first.memberId });
    await client.send(SyncGroup, 5, {
      groupId: 'odd',
      memberId,
      generationId,
      protocolType: 'consumer',
      protocolName: 'own',
      assignments: [],
    });
    expect((await linesOf(['groups', 'describe', 'odd', ...at]))[0]).toMatch(/^odd .*1 member/);
    await client.close();
  });

  test('resets all that a group has committed, or one partition', async () => {
    await groupWith('all', 'one');
    await groupWith('all', 'two');
    const all = await linesOf(['groups', 'reset', 'all', '--all-topics', '--to', '1', ...at]);
    expect(all.slice(1)).toEqual(['one            0     3   1', 'two            0     3   1']);
    await linesOf(['groups', 'reset', 'all', '--topic', 'two:0', '--to', 'end', ...at]);
    expect((await linesOf(['groups', 'describe', 'all', ...at])).slice(2).map((line) => line.split(/\s+/)[2])).toEqual([
      '1',
      '3',
    ]);
    expect(await linesOf(['groups', 'delete-offsets', 'all', '--topic', 'two', ...at])).toEqual([
      'forgot 1 offset of all',
    ]);
    expect((await linesOf(['groups', 'describe', 'all', ...at])).length).toBe(3);
  });

  test('says what a mistyped group may have been', async () => {
    await groupWith('billing', 'bills');
    const { code, err } = await ottla(['groups', 'describe', 'biling', ...at]);
    expect([code, err]).toEqual([1, "ottla: there is no group 'biling'; did you mean 'billing'?\n"]);
    expect((await ottla(['groups', 'delete', 'biling', ...at])).code).toBe(1);
    expect(await linesOf(['groups', 'delete', 'biling', '--if-exists', ...at])).toEqual(['biling is not there']);
  });

  test('a group with members is neither reset nor deleted', async () => {
    await linesOf(['produce', 'busy', 'a', ...at]);
    const stop = new AbortController();
    let arrived = (): void => {};
    const joined = new Promise<void>((resolve) => (arrived = resolve));
    const consuming = ottla(['consume', 'busy', '-g', 'busy', ...at], { stopping: stop.signal, seen: () => arrived() });
    await joined;
    expect((await ottla(['groups', 'reset', 'busy', '--topic', 'busy', '--to', 'end', ...at])).err).toBe(
      "ottla: group 'busy' has members: stop its consumers first, then reset\n",
    );
    expect((await ottla(['groups', 'delete', 'busy', ...at])).err).toBe(
      "ottla: group 'busy' has members: stop its consumers first, then delete it\n",
    );
    const described = await linesOf(['groups', 'describe', 'busy', ...at]);
    expect(described.at(-1)).toMatch(/ottla-cli@127\.0\.0\.1$/);
    stop.abort();
    expect((await consuming).code).toBe(0);
  });
});

describe('ottla configs', () => {
  test('reads, sets and deletes the settings of a topic', async () => {
    await linesOf(['topics', 'create', 'kept', ...at]);
    expect(
      await linesOf(['configs', 'set', 'topic', 'kept', 'retention.ms=5', 'cleanup.policy=compact', ...at]),
    ).toEqual(['set retention.ms=5 of topic kept', 'set cleanup.policy=compact of topic kept']);
    expect(await linesOf(['configs', 'get', 'topic', 'kept', '--changed', ...at])).toEqual([
      'KEY             VALUE    FROM',
      'cleanup.policy  compact  topic',
      'retention.ms    5        topic',
    ]);
    await linesOf(['configs', 'set', 'topic', 'kept', 'retention.ms=6', '--dry-run', ...at]);
    const [setting] = JSON.parse(
      (await ottla(['configs', 'get', 'topic', 'kept', 'retention.ms', '--json', ...at])).out,
    ) as object[];
    expect(setting).toEqual({ key: 'retention.ms', value: '5', source: 'topic', readOnly: false, sensitive: false });
    await linesOf(['configs', 'delete', 'topic', 'kept', 'retention.ms', 'cleanup.policy', ...at]);
    expect((await ottla(['configs', 'get', 'topic', 'kept', '--changed', ...at])).err).toBe(
      "nothing is set for topic 'kept'\n",
    );
  });

  test('of a broker, of all, and of a group', async () => {
    await linesOf(['configs', 'set', 'broker', 'all', 'log.retention.ms=7000', ...at]);
    expect((await linesOf(['configs', 'get', 'broker', '1', 'log.retention.ms', ...at]))[1]).toMatch(
      /7000 +all brokers$/,
    );
    await linesOf(['configs', 'set', 'broker', '1', 'log.retention.ms=8000', ...at]);
    expect((await linesOf(['configs', 'get', 'broker', '1', 'log.retention.ms', ...at]))[1]).toMatch(/8000 +broker$/);
    await linesOf(['configs', 'set', 'group', 'g', 'consumer.session.timeout.ms=50000', ...at]);
    expect((await linesOf(['configs', 'get', 'group', 'g', '--changed', ...at]))[1]).toMatch(/50000 +group$/);
  });

  test('explains a key, as the broker documents it', async () => {
    await linesOf(['topics', 'create', 'explained', ...at]);
    const lines = await linesOf(['configs', 'get', 'topic', 'explained', 'cleanup.policy', '--explain', ...at]);
    expect(lines[0]).toBe('cleanup.policy=delete  default');
    expect(lines[1].length).toBeGreaterThan(20);
  });

  test('says what a mistyped key may have been, and why a value is refused', async () => {
    await linesOf(['topics', 'create', 'strict', ...at]);
    const errorOf = async (...args: string[]) => (await ottla(['configs', ...args, ...at])).err;
    const meant = "ottla: a topic has no setting 'retention.mss'; did you mean 'retention.ms'?\n";
    expect(await errorOf('get', 'topic', 'strict', 'retention.mss')).toBe(meant);
    expect(await errorOf('set', 'topic', 'strict', 'retention.mss=1')).toBe(meant);
    expect(await errorOf('set', 'topic', 'strict', 'retention.ms=x')).toMatch(/INVALID_CONFIG/);
    expect(await errorOf('get', 'broker', '7')).toBe('ottla: there is no broker 7; the cluster has 1\n');
  });
});
