/** The language of the cases: names with what is asked. Each runs in every version of its API on both brokers. */
import { beforeAll, describe, expect, inject, test } from 'vitest';
import { DescribeCluster } from '../../protocol/apis/index.ts';
import { connect } from '../../protocol/client.ts';
import type { Api, Fields } from '../../protocol/schema.ts';
import { byVersion, differences } from './compare.ts';
import { knownDifferences } from './known-differences.ts';
import { Side, Unsayable, type Place } from './side.ts';

export type Case<Req extends Fields, Res extends Fields> = (side: Side<Req, Res>) => Promise<unknown>;

const brokers = inject('brokers');
const run = inject('run');
const places: { ottla?: Place; kafka?: Place } = {};

export function differential<Req extends Fields, Res extends Fields>(
  api: Api<Req, Res>,
  cases: Readonly<Record<string, Case<Req, Res>>>,
): void {
  describe.skipIf(brokers === null)(api.name, () => {
    beforeAll(async () => {
      places.ottla ??= await placeOf(brokers!.ottla);
      places.kafka ??= await placeOf(brokers!.kafka);
    });
    for (const [name, each] of Object.entries(cases)) {
      test(name, async () => {
        const found = await compare(api, each, name);
        expect(found.size, 'no version can say this').toBeGreaterThan(0);
        const told = byVersion(found).map((sentence) => `${api.name}, ${name}: ${sentence}`);
        const unknown = told.filter((sentence) => !knownDifferences.some(({ where }) => where.test(sentence)));
        if (unknown.length > 0) expect.fail(unknown.join('\n'));
      });
    }
  });
}

/** The differences by version. */
async function compare<Req extends Fields, Res extends Fields>(
  api: Api<Req, Res>,
  each: Case<Req, Res>,
  name: string,
): Promise<Map<number, string[]>> {
  const found = new Map<number, string[]>();
  const versions = Array.from(
    { length: api.versions.last - api.versions.first + 1 },
    (_, at) => api.versions.first + at,
  );
  await Promise.all(
    versions.map(async (version) => {
      const [ottla, kafka] = await Promise.all([
        transcript(new Side(places.ottla!, api, version, name), each),
        transcript(new Side(places.kafka!, api, version, name), each),
      ]);
      if (ottla === null && kafka === null) return;
      found.set(version, differences(ottla ?? undefined, kafka ?? undefined));
    }),
  );
  return found;
}

async function transcript<Req extends Fields, Res extends Fields>(side: Side<Req, Res>, each: Case<Req, Res>) {
  try {
    await each(side);
  } catch (error) {
    if (error instanceof Unsayable) return null;
    side.record(`the case failed: ${String(error)}`);
  } finally {
    await side.close();
  }
  return side.answers;
}

async function placeOf(bootstrap: string): Promise<Place> {
  const [host, port] = bootstrap.split(':');
  const client = await connect({ host, port: Number(port) });
  const {
    brokers: [broker],
  } = await client.send(DescribeCluster, 0, { includeClusterAuthorizedOperations: false });
  await client.close();
  return { bootstrap, nodeId: broker.brokerId, run };
}
