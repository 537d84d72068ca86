import type { SignIn } from '../brokers/peer.ts';

/**
 * What a suite is: a client with a program that does the cases and says what it saw, a line a case:
 *
 *     ok<TAB>area<TAB>case<TAB>what the client saw
 *     not ok<TAB>area<TAB>case<TAB>what went wrong
 *
 * A case passes on Apache Kafka when its line says ok, and on Ottla when it says ok and the client saw the same.
 */
export interface Suite {
  /** For --only. */
  readonly name: string;
  /** Its clients sign in: it runs on brokers that have listeners for that (brokers/secured.ts). */
  readonly signsIn?: true;
  /** @throws Missing where the machine lacks something the suite cannot bring */
  prepare(): Promise<ReadySuite>;
}

export interface ReadySuite {
  /** The client and its version, for people. */
  readonly title: string;
  /** Does the cases on the broker at `bootstrap`; names contain `run`, so that a broker may see many runs. */
  run(bootstrap: string, run: string, signIn?: SignIn): Promise<string>;
}

/** Why a suite is skipped: 'needs Go'. */
export class Missing extends Error {}

export const AREAS = [
  'admin',
  'produce',
  'consume',
  'compression',
  'groups',
  'transactions',
  'headers',
  'offsets',
] as const;
export type Area = (typeof AREAS)[number];

export interface Outcome {
  readonly ok: boolean;
  readonly seen: string;
}

/** What a program said, by 'area: case'. What only differs by broker and run is made equal. */
export function outcomes(said: string, bootstrap: string, run: string): Map<string, Outcome> {
  const port = bootstrap.split(':').at(-1)!;
  const found = new Map<string, Outcome>();
  for (const line of said.split('\n')) {
    const parts = /^(ok|not ok)\t([a-z]+)\t([^\t]+)\t?(.*)$/.exec(line);
    if (parts === null) continue;
    const [, verdict, area, name, seen] = parts;
    const neutral = seen
      .replaceAll(run, 'RUN')
      .replaceAll(new RegExp(`(localhost|127\\.0\\.0\\.1|\\[?::1\\]?):${port}`, 'g'), 'BROKER')
      .trim();
    found.set(`${area}: ${name}`, { ok: verdict === 'ok', seen: neutral });
  }
  return found;
}
