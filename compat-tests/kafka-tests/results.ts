/** What each invocation did on each broker, last: results.json. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { knownDifferences } from './known-differences.ts';

export type BrokerName = 'kafka' | 'ottla';
/** 'inside': it asks for what only a process that has the broker inside can tell. */
export type Verdict = 'ok' | 'not ok' | 'inside' | 'skipped';

export interface Outcome {
  readonly verdict: Verdict;
  /** What went wrong; empty where nothing did. */
  readonly why: string;
}

/** By invocation: 'ShareConsumerTest.testPollNoSubscribeFails [1] isolated'. */
type Invocations = Record<string, Partial<Record<BrokerName, Verdict>>>;

const FILE = fileURLToPath(new URL('results.json', import.meta.url));

class Results {
  readonly #groups: Record<string, Invocations> = existsSync(FILE)
    ? (JSON.parse(readFileSync(FILE, 'utf8')) as Record<string, Invocations>)
    : {};

  /** `isWhole`: what was not found is not there any more. */
  keep(group: string, broker: BrokerName, found: ReadonlyMap<string, Outcome>, isWhole: boolean): void {
    const invocations = (this.#groups[group] ??= {});
    for (const name of isWhole ? Object.keys(invocations) : []) if (!found.has(name)) delete invocations[name][broker];
    for (const [name, { verdict }] of found) invocations[name] = { ...invocations[name], [broker]: verdict };
  }

  save(): void {
    const sorted = Object.entries(this.#groups).map(([group, invocations]) => [
      group,
      Object.fromEntries(Object.entries(invocations).sort(([one], [other]) => (one < other ? -1 : 1))),
    ]);
    writeFileSync(FILE, `${JSON.stringify(Object.fromEntries(sorted), null, 1)}\n`);
  }

  /** What passes on Kafka and not on Ottla, without what is known to differ. */
  failures(group: string): string[] {
    return this.#cases(group)
      .filter(([name, { ottla }]) => ottla !== 'ok' && !knownDifferences.some(({ tests }) => tests.test(name)))
      .map(([name, { ottla }]) => `${name}: ${ottla ?? 'has not run'}`);
  }

  /** For docs/compatibility.md: the head, then a row for each group. */
  rows(): string[][] {
    return [
      ['tests', 'invocations', 'passed on Kafka, from outside', 'of them on Ottla'],
      ...Object.keys(this.#groups).map((group) => {
        const cases = this.#cases(group);
        const passed = cases.filter(([, { ottla }]) => ottla === 'ok').length;
        return [group, `${Object.keys(this.#groups[group]).length}`, `${cases.length}`, `${passed}`];
      }),
    ];
  }

  /** A line for people. */
  tells(group: string): string {
    const all = Object.values(this.#groups[group] ?? {});
    const cases = this.#cases(group);
    const passed = cases.filter(([, { ottla }]) => ottla === 'ok').length;
    return `${group}: ${all.length} invocations; ${cases.length} pass on Apache Kafka from outside, ${passed} of them on Ottla`;
  }

  /** What passes on Apache Kafka; the rest says nothing. */
  #cases(group: string): [string, Partial<Record<BrokerName, Verdict>>][] {
    return Object.entries(this.#groups[group] ?? {}).filter(([, { kafka }]) => kafka === 'ok');
  }
}

export const results = new Results();
