/** Which release of Kafka a broker is like, and which clients cannot talk to it, by the versions it answers. */
import { apis } from '../../../protocol/apis/index.ts';
import type { BrokerVersions } from '../client/versions.ts';

type Range = readonly [first: number, last: number];

interface KnownClient {
  readonly name: string;
  /** By API key; what it cannot do without. */
  readonly needs: Readonly<Record<number, Range>>;
}

const PRODUCE = 0;
const FETCH = 1;
const LIST_OFFSETS = 2;
const METADATA = 3;
const OFFSET_COMMIT = 8;
const OFFSET_FETCH = 9;

/** The requests that every producer and consumer sends, in the versions of Kafka 4.4's own clients: our tables' ranges. */
const JAVA_4: Readonly<Record<number, Range>> = Object.fromEntries(
  apis
    .filter(({ key }) => [PRODUCE, FETCH, LIST_OFFSETS, METADATA, OFFSET_COMMIT, OFFSET_FETCH].includes(key))
    .map(({ key, versions }) => [key, [versions.first, versions.last]]),
);

const CLIENTS: readonly KnownClient[] = [
  { name: 'Java clients 4.x', needs: JAVA_4 },
  { name: 'Java clients 2.1 to 3.x', needs: { [PRODUCE]: [0, 11], [FETCH]: [0, 17], [METADATA]: [0, 12] } },
  { name: 'Java clients 1.x and 2.0', needs: { [PRODUCE]: [0, 6], [FETCH]: [0, 8], [METADATA]: [0, 6] } },
  { name: 'Java clients 0.10', needs: { [PRODUCE]: [0, 2], [FETCH]: [0, 3], [METADATA]: [0, 2] } },
  {
    name: 'kafkajs 2',
    needs: {
      [PRODUCE]: [0, 7],
      [FETCH]: [0, 11],
      [LIST_OFFSETS]: [0, 3],
      [METADATA]: [0, 6],
      [OFFSET_COMMIT]: [0, 5],
      [OFFSET_FETCH]: [1, 4],
    },
  },
  {
    name: '@platformatic/kafka',
    needs: {
      [PRODUCE]: [7, 11],
      [FETCH]: [12, 17],
      [LIST_OFFSETS]: [5, 9],
      [METADATA]: [9, 12],
      [OFFSET_COMMIT]: [8, 9],
      [OFFSET_FETCH]: [8, 9],
    },
  },
];

export interface LockedOut {
  readonly client: string;
  /** Such as "Fetch: it speaks 12 to 17, the broker 4 to 11". */
  readonly why: string;
}

/** The clients that share no version of some request with the broker. */
export function lockedOut(broker: BrokerVersions): LockedOut[] {
  return CLIENTS.flatMap(({ name, needs }) => {
    const gap = Object.entries(needs).find(([key, [first, last]]) => {
      const theirs = broker.get(Number(key));
      return theirs === undefined || theirs.first > last || theirs.last < first;
    });
    if (gap === undefined) return [];
    const [key, [first, last]] = gap;
    const api = apis.find((each) => each.key === Number(key))!.name;
    const theirs = broker.get(Number(key));
    const answered = theirs === undefined ? 'does not answer it' : `answers ${theirs.first} to ${theirs.last}`;
    return [{ client: name, why: `${api}: the client speaks ${first} to ${last}, the broker ${answered}` }];
  });
}

/** The newest versions of Produce and Fetch in each release, newest first. */
const RELEASES: readonly (readonly [produce: number, fetch: number, release: string])[] = [
  [13, 18, '4.1 or later'],
  [12, 17, '4.0'],
  [11, 17, '3.9'],
  [11, 16, '3.8'],
  [10, 16, '3.7'],
  [9, 15, '3.5 or 3.6'],
  [9, 13, '3.1 to 3.4'],
  [9, 12, '2.7 to 3.0'],
  [8, 11, '2.4 to 2.6'],
  [7, 11, '2.3'],
  [7, 10, '2.1 or 2.2'],
  [6, 8, '2.0'],
  [5, 7, '1.1'],
  [5, 6, '1.0'],
  [3, 5, '0.11'],
  [2, 3, '0.10'],
];

/** The release whose versions a broker answers, such as '2.4 to 2.6'; it may be another make that is like it. */
export function releaseLike(broker: BrokerVersions): string {
  const [produce, fetch] = [broker.get(PRODUCE)?.last ?? -1, broker.get(FETCH)?.last ?? -1];
  return RELEASES.find(([p, f]) => produce >= p && fetch >= f)?.[2] ?? 'before 0.10';
}
