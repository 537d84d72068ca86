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
type Invocations = Record<string, Verdicts>;
/** A broker on which it has not run is not there. */
type Verdicts = Partial<Record<BrokerName, Verdict>>;

const FILE = fileURLToPath(new URL('results.json', import.meta.url));

export class Results {
  readonly #groups: Record<string, Invocations>;

  /** `groups`: by name, what ran before. */
  constructor(groups: Record<string, Invocations>) {
    this.#groups = groups;
  }

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

  /** What does not pass on Ottla and is not shown to fail on Kafka as well, without what is known to differ. */
  failures(group: string): string[] {
    return Object.entries(this.#groups[group] ?? {})
      .filter(([name, verdicts]) => isFailure(verdicts) && !knownDifferences.some(({ tests }) => tests.test(name)))
      .map(([name, { kafka, ottla }]) => {
        return `${name}: ${ottla ?? 'has not run'}${kafka === undefined ? '; has not run on Apache Kafka' : ''}`;
      });
  }

  /** The names of what has run on Ottla, by whether it passed. */
  onOttla(passed: boolean): string[] {
    return Object.values(this.#groups)
      .flatMap((invocations) => Object.entries(invocations))
      .filter(([, { ottla }]) => ottla !== undefined && (ottla === 'ok') === passed)
      .map(([name]) => name);
  }

  /** For docs/compatibility.md: the head, then a row for each group. */
  rows(): string[][] {
    return [
      ['tests', 'invocations', 'passed on Kafka, from outside', 'of them on Ottla'],
      ...Object.keys(this.#groups).map((group) => {
        const { all, cases, passed } = this.#countsOf(group);
        return [group, `${all}`, `${cases}`, `${passed}`];
      }),
    ];
  }

  /** A line for people. */
  tells(group: string): string {
    const { all, cases, passed } = this.#countsOf(group);
    return `${group}: ${all} invocations; ${cases} pass on Apache Kafka from outside, ${passed} of them on Ottla`;
  }

  /** A case is what passes on Apache Kafka. */
  #countsOf(group: string): { all: number; cases: number; passed: number } {
    const all = Object.values(this.#groups[group] ?? {});
    const cases = all.filter(({ kafka }) => kafka === 'ok');
    return { all: all.length, cases: cases.length, passed: cases.filter(({ ottla }) => ottla === 'ok').length };
  }
}

function isFailure({ kafka, ottla }: Verdicts): boolean {
  return kafka === undefined ? ottla === 'not ok' : kafka === 'ok' && ottla !== 'ok';
}

export const results = new Results(
  existsSync(FILE) ? (JSON.parse(readFileSync(FILE, 'utf8')) as Record<string, Invocations>) : {},
);
