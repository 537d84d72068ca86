/** Clients in Go that sign in (suites/go/secured): franz-go, Sarama and kafka-go, each by every mechanism that it has. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startBroker, type Mechanism, type TestBroker } from '../../src/testing/index.ts';
import { cache } from '../provide/cache.ts';
import { mustRun, runCommand, versionOf } from '../provide/command.ts';

const hasGo = (await versionOf('go', 'version')) !== null;
const GO = fileURLToPath(new URL('../suites/go', import.meta.url));
const BUILD_MS = 400_000;
const PATIENCE_MS = 120_000;
/** franz-go keeps a second of it back, and takes it 0.95 to 0.98 times. */
const SESSION_MS = 2500;
const AGAIN = 3;

type Protocol = 'SASL_SSL' | 'SASL_PLAINTEXT' | 'SSL';

interface Way {
  readonly client: 'franz-go' | 'sarama' | 'kafka-go';
  readonly broker: Protocol;
  readonly mechanism?: Mechanism;
}

const PASSWORDS = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const;
const MECHANISMS = {
  'franz-go': [...PASSWORDS, 'OAUTHBEARER'],
  sarama: [...PASSWORDS, 'OAUTHBEARER'],
  'kafka-go': PASSWORDS,
} as const;
const WAYS = (['franz-go', 'sarama', 'kafka-go'] as const).flatMap((client): Way[] => [
  ...(['SASL_SSL', 'SASL_PLAINTEXT'] as const).flatMap((broker) =>
    MECHANISMS[client].map((mechanism): Way => ({ client, broker, mechanism })),
  ),
  { client, broker: 'SSL' },
]);

const nameOf = ({ client, broker, mechanism }: Way): string => [client, broker, mechanism].filter(Boolean).join('-');

/** What comes of each case that the client has. */
function expectedOf({ client }: Way): Record<string, unknown> {
  // kafka-go asks for all topics at times, and does not find those that it may not see.
  const refused: unknown = expect.stringMatching(client === 'kafka-go' ? /uthoriz|Unknown Topic/i : /uthoriz/i);
  const all = { produce: 'ok', consume: 'ok', 'denied topic': refused };
  if (client === 'kafka-go') return all;
  const more = { ...all, 'denied group': refused, 'go on': 'ok' };
  return client === 'sarama' ? more : { ...more, transaction: 'ok' };
}

describe.skipIf(!hasGo)(`clients in Go${hasGo ? '' : ' (they need Go)'}`, () => {
  const brokers = { ending: new Map<Protocol, TestBroker>(), endless: new Map<Protocol, TestBroker>() };
  /** kafka-go signs in once a connection, and fails where its session ends. */
  const brokerOf = ({ client, broker }: Way): TestBroker =>
    brokers[client === 'kafka-go' ? 'endless' : 'ending'].get(broker)!;
  const program = join(cache('go'), 'secured');

  beforeAll(async () => {
    await mustRun('go', ['build', '-o', program, './secured'], { cwd: GO });
    const common = {
      topics: ['orders', 'secret'],
      acls: {
        alice: [
          'all topic orders',
          'read group go-*',
          'all transactional-id go-*',
          'describe cluster',
          'idempotent-write cluster',
        ],
      },
      leftovers: 'ignore',
    } as const;
    const users = { alice: 'her "password",=' };
    for (const key of ['ending', 'endless'] as const) {
      const ends = key === 'ending' ? { settings: { 'connections.max.reauth.ms': SESSION_MS } } : {};
      const own = { ...common, ...ends };
      const ssl = await startBroker({ ...own, tls: { clientAuth: 'required' } });
      brokers[key].set('SSL', ssl);
      await ssl.certificates.issue('alice');
      brokers[key].set('SASL_SSL', await startBroker({ ...own, tls: true, users, oauth: true }));
      brokers[key].set('SASL_PLAINTEXT', await startBroker({ ...own, users, oauth: true }));
    }
  }, BUILD_MS);

  afterAll(async () => {
    for (const all of Object.values(brokers)) for (const broker of all.values()) await broker.stop();
  });

  async function run(way: Way): Promise<Record<string, string>> {
    const kafka = brokerOf(way);
    const { ssl, sasl } = kafka.clientOptions('alice', way.mechanism === undefined ? {} : { mechanism: way.mechanism });
    const said = {
      Name: nameOf(way),
      Client: way.client,
      Bootstrap: kafka.bootstrapServers,
      CA: ssl?.ca[0] ?? '',
      Cert: ssl?.cert ?? '',
      Key: ssl?.key ?? '',
      Mechanism: way.mechanism ?? '',
      ...(sasl !== undefined && 'username' in sasl ? { User: sasl.username, Password: sasl.password } : {}),
      ...(way.mechanism === 'OAUTHBEARER' ? { Token: kafka.oauth.token('alice') } : {}),
      GoesOnMs: way.mechanism === undefined ? 500 : SESSION_MS * (AGAIN + 1),
    };
    const { stdout } = await runCommand(program, [JSON.stringify(said)], { timeoutMs: PATIENCE_MS });
    const lines = stdout.split('\n').filter((line) => line.includes('\t'));
    return Object.fromEntries(lines.map((line) => line.split('\t') as [string, string]));
  }

  test.concurrent.each(WAYS.map((way) => [nameOf(way), way] as const))(
    '%s',
    { timeout: PATIENCE_MS },
    async (_name, way) => {
      const outcomes = await run(way);
      expect(outcomes).toEqual(expectedOf(way));
    },
  );

  test('those that can have signed in again in open connections', () => {
    const { all } = brokers.ending.get('SASL_PLAINTEXT')!.traffic;
    const again = new Map<string, number>();
    for (const { api, connection, clientId } of all) {
      if (api !== 'SaslHandshake') continue;
      const key = `${clientId} ${connection}`;
      again.set(key, (again.get(key) ?? 0) + 1);
    }
    for (const client of ['kgo', 'sarama']) {
      const most = Math.max(...[...again].flatMap(([key, count]) => (key.startsWith(client) ? [count] : [])));
      expect([client, most > AGAIN]).toEqual([client, true]);
    }
  });
});
