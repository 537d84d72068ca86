/** Requests made by chance from the tables: what nobody would think of. SEED=n repeats a run, ROUNDS=n makes it longer, TRACE=1 prints all. */
import { handlers } from '../../src/apis/index.ts';
import type { AnyApi, Fields } from '../../protocol/schema.ts';
import { seededRandom } from '../../src/platform/random.ts';
import { differential, type Case } from './differential.ts';
import { madeUp } from './made-up.ts';
import { assignableTopic, joined } from './members.ts';
import { plain } from './records.ts';
import { Unsayable, type Side } from './side.ts';
import { over, transactor } from './transactions.ts';
import type { Words } from './vocabulary.ts';

/** What is left to the cases written by hand, and why. */
const NOT_MADE_UP: Readonly<Record<string, string>> = {
  ApiVersions: 'Its answer is about the broker, not about what is asked.',
  GetTelemetrySubscriptions: 'Its answer is chosen anew each time.',
  PushTelemetry: 'Needs an answer to GetTelemetrySubscriptions.',
  AddRaftVoter: 'Would change what the other cases run on.',
  RemoveRaftVoter: 'Would change what the other cases run on.',
  DeleteTopics: 'Kafka forgets a topic part by part, at times of its own.',
  ListGroups: 'Its answer is about groups of other cases, which come and go.',
  AlterReplicaLogDirs: 'Kafka merges and drops entries; no request but a client’s own is answered alike.',
};

/** Those that need a transaction to speak of. */
const TRANSACTIONAL = new Set([
  'InitProducerId',
  'AddPartitionsToTxn',
  'AddOffsetsToTxn',
  'EndTxn',
  'TxnOffsetCommit',
  'WriteTxnMarkers',
  'DescribeTransactions',
  'ListTransactions',
  'DescribeProducers',
]);

const SEED = Number(process.env.SEED ?? 1);
const ROUNDS = Number(process.env.ROUNDS ?? 3);
const TURNS = 8;

/** One world of two topics, a group and perhaps a transaction, and a number of requests to it. */
function requests(seed: number): Case<Fields, Fields> {
  return async (side: Side) => {
    const { api, version } = side;
    if (api.name === 'UpdateFeatures' && version === 0) throw new Unsayable('it cannot be told only to check');
    const random = seededRandom(seed * 1000 + version);
    const words = await world(side);
    for (let turn = 0; turn < TURNS; turn++) {
      const draft = madeUp(api, version, random, words);
      if (process.env.TRACE !== undefined) {
        process.stderr.write(`${api.name} v${version} seed ${seed} [${turn}] ${JSON.stringify(draft)}\n`);
      }
      try {
        await ask(side, draft, words);
      } catch (error) {
        if (!(error instanceof Unsayable)) throw error;
      }
    }
  };
}

async function world(side: Side): Promise<Words> {
  const { name } = side.api;
  const one =
    name === 'ConsumerGroupHeartbeat' ? await assignableTopic(side) : await side.topic('one', { partitions: 2 });
  const topics = [one, await side.topic('two')];
  await side.append(topics[0], 0, plain(side, 3), plain(side, 2));
  const groupId = side.name('group');
  const { memberId } = await joined(side, groupId);
  // Up to v3 Metadata creates what is not there, and then the two differ (see known-differences.ts).
  const fresh = name === 'Metadata' && side.version < 4 ? topics[0].name : side.name('fresh');
  const self = TRANSACTIONAL.has(name) ? await transactor(side) : null;
  return { topics, groupId, memberId, startedMs: side.startedMs, fresh, transactor: self };
}

async function ask(side: Side, draft: Record<string, unknown>, { transactor: self }: Words): Promise<void> {
  const answer = (await side.look(draft)) as { producerId?: number } | null;
  // Whom a client goes on as is the broker's business.
  if (answer?.producerId !== undefined && answer.producerId >= 0) side.knowProducer(answer.producerId);
  if (answer !== null) side.recordOwn(answer);
  if (self !== null) await over(side, self.transactionalId);
}

const made = handlers.map(({ api }): AnyApi => api).filter(({ name }) => !(name in NOT_MADE_UP));
for (const api of made) {
  const rounds = Array.from({ length: ROUNDS }, (_, round) => SEED + round);
  differential(api, Object.fromEntries(rounds.map((seed) => [`made up from seed ${seed}`, requests(seed)])));
}
