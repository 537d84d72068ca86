import { describe, expect, test } from 'vitest';
import { OffsetCommit, SyncGroup } from '../../protocol/apis/index.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import type { Api, Draft, Fields, Values } from '../../protocol/schema.ts';
import type { GroupBroker } from './group-broker.ts';
import type { Kind } from './simulation.ts';
import { newBroker, World } from './simulation.ts';

const kinds: Kind[] = ['consumer', 'eager', 'cooperative', 'eager and consumer', 'cooperative and consumer'];
/** `npm run test:simulation` looks longer. */
const SEEDS = Number(process.env.SIMULATION_SEEDS ?? 2);
const MUTANT_SEEDS = 8;
const ROUNDS = 4;

async function live(kind: Kind, seed: number, broker?: GroupBroker): Promise<World> {
  const world = new World(kind, seed, broker);
  for (let round = 0; round < ROUNDS; round++) await world.round(120);
  return world;
}

test.each(kinds)(
  'members that come, go, die, restart and sleep always settle, and lose no offset: %s',
  async (kind) => {
    let [rebalances, fenced] = [0, 0];
    const types = new Set<string>();
    for (let seed = 1; seed <= SEEDS; seed++) {
      const world = await live(kind, seed).catch((cause: unknown) => {
        throw new Error(`seed ${seed}: ${String(cause)}`, { cause });
      });
      world.end();
      rebalances += world.rebalances;
      fenced += world.fenced;
      for (const type of world.types) types.add(type);
    }
    // The world was not quiet.
    expect(rebalances).toBeGreaterThan(50 * SEEDS);
    expect(fenced).toBeGreaterThan(0);
    const both = kind.endsWith('and consumer');
    expect(types.has('classic') && types.has('consumer')).toBe(both);
  },
  10_000 + 2000 * SEEDS,
);

/** Changes what members are told. */
type Lie = (api: { readonly key: number }, answer: unknown) => void;

function lying(lie: Lie): GroupBroker {
  const broker = newBroker();
  const send = broker.send.bind(broker);
  broker.send = async <Req extends Fields, Res extends Fields>(
    api: Api<Req, Res>,
    version: number,
    draft: Draft<Req>,
    clientId?: string,
    connectionId?: number,
  ): Promise<Values<Res>> => {
    const answer = await send(api, version, draft, clientId, connectionId);
    lie(api, answer);
    return answer;
  };
  return broker;
}

/** Brokers with one thing wrong each. */
const mutants: Record<string, { kind: Kind; broker: () => GroupBroker; seen: RegExp }> = {
  'gives a member what it gave another before': {
    kind: 'eager',
    broker: () => {
      let last = Buffer.alloc(0);
      return lying((api, answer) => {
        if (api.key !== SyncGroup.key) return;
        const synced = answer as { errorCode: number; assignment: Uint8Array };
        if (synced.errorCode !== ErrorCode.NONE) return;
        const own = Buffer.from(synced.assignment);
        if (last.length > 0) synced.assignment = last;
        last = own;
      });
    },
    seen: /partition \d+ in epoch/,
  },
  'takes the commits of members that are none any more': {
    kind: 'consumer',
    broker: () => {
      return lying((api, answer) => {
        if (api.key !== OffsetCommit.key) return;
        const { topics } = answer as { topics: { partitions: { errorCode: number }[] }[] };
        const refused = topics[0].partitions.some(({ errorCode }) => errorCode !== ErrorCode.NONE);
        if (!refused) return;
        for (const partition of topics[0].partitions) partition.errorCode = ErrorCode.NONE;
      });
    },
    seen: /greater than or equal/,
  },
  'never finds out that a member is dead': {
    kind: 'consumer',
    broker: () => {
      const broker = newBroker();
      const after = broker.clock.after.bind(broker.clock);
      broker.clock.after = (delayMs, run) => after(delayMs === 45_000 ? 3_600_000 : delayMs, run);
      broker.groups.connectionClosed = () => undefined;
      return broker;
    },
    seen: /deeply equal|to be 'Stable'/,
  },
  'forgets the last thing it wrote': {
    kind: 'eager',
    broker: () => {
      const broker = newBroker();
      const restart = broker.restart.bind(broker);
      broker.restart = () => {
        for (const log of broker.logs) log.batches.pop();
        restart();
      };
      return broker;
    },
    seen: /deeply equal|Object.is equality|greater than or equal/,
  },
};

describe('the simulation finds a broker that', () => {
  test.each(Object.entries(mutants))('%s', async (_name, { kind, broker, seen }) => {
    const found: string[] = [];
    for (let seed = 1; seed <= MUTANT_SEEDS && !seen.test(found.join('\n')); seed++) {
      await live(kind, seed, broker()).catch((error: Error) => found.push(error.message));
    }
    expect(found.join('\n')).toMatch(seen);
  });
});
