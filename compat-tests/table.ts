/** What the suites found, as a table of clients and areas. */
import { AREAS, type Area, type Outcome } from './suites/suite.ts';

export interface Verdict {
  readonly title: string;
  /** Why nothing ran; null where the suite ran. */
  readonly skipped: string | null;
  readonly cases: readonly Case[];
}

export interface Case {
  readonly area: string;
  readonly name: string;
  readonly kafka: Outcome;
  readonly ottla: Outcome;
}

/** What Apache Kafka fails is no case. */
export function counts(each: Case): boolean {
  return each.kafka.ok;
}

export function passes({ kafka, ottla }: Case): boolean {
  return ottla.ok && ottla.seen === kafka.seen;
}

export function verdict(
  title: string,
  kafka: ReadonlyMap<string, Outcome>,
  ottla: ReadonlyMap<string, Outcome>,
): Verdict {
  const unsaid: Outcome = { ok: false, seen: 'the program did not come so far' };
  const cases = [...new Set([...kafka.keys(), ...ottla.keys()])].map((key) => {
    const [area, name] = key.split(': ', 2);
    return { area, name, kafka: kafka.get(key) ?? unsaid, ottla: ottla.get(key) ?? unsaid };
  });
  return { title, skipped: null, cases };
}

/** Passed on Kafka / passed on Ottla; empty where a client has no such case. */
export function score(cases: readonly Case[]): string {
  const real = cases.filter(counts);
  return real.length === 0 ? '' : `${real.length} / ${real.filter(passes).length}`;
}

/** Rows of text: the head, then one for each suite, then the sum. */
export function rows(verdicts: readonly Verdict[]): string[][] {
  const areas = (cases: readonly Case[]): string[] =>
    AREAS.map((area: Area) => score(cases.filter((each) => each.area === area)));
  const all = verdicts.flatMap(({ cases }) => cases);
  return [
    ['client', ...AREAS, 'all'],
    ...verdicts.map(({ title, skipped, cases }) =>
      skipped === null ? [title, ...areas(cases), score(cases)] : [title, ...AREAS.map(() => ''), 'skipped'],
    ),
    ['all', ...areas(all), score(all)],
  ];
}

/** For a terminal: columns aligned. */
export function aligned(table: readonly (readonly string[])[]): string {
  const widths = table[0].map((_, at) => Math.max(...table.map((row) => row[at].length)));
  return table
    .map((row) =>
      row
        .map((cell, at) => cell.padEnd(widths[at]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

export function markdown(table: readonly (readonly string[])[]): string {
  const [head, ...body] = table;
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...body.map(line)].join('\n');
}

/** What fails on Ottla, a line each. */
export function failures(verdicts: readonly Verdict[]): string[] {
  return lines(verdicts, (each) => counts(each) && !passes(each));
}

/** What Kafka fails too, or alone. */
export function noCases(verdicts: readonly Verdict[]): string[] {
  return lines(verdicts, (each) => !counts(each));
}

function lines(verdicts: readonly Verdict[], isMeant: (each: Case) => boolean): string[] {
  return verdicts.flatMap(({ title, cases }) =>
    cases.filter(isMeant).map(({ area, name, kafka, ottla }) => {
      const from = kafka.ok && ottla.ok ? firstDifference(kafka.seen, ottla.seen) : 0;
      return `${title}, ${area}: ${name}: Kafka ${told(kafka, from)}; Ottla ${told(ottla, from)}`;
    }),
  );
}

/** Some way before where the two part. */
function firstDifference(one: string, other: string): number {
  let at = 0;
  while (at < one.length && one[at] === other[at]) at++;
  return Math.max(0, at - 30);
}

function told({ ok, seen }: Outcome, from: number): string {
  const part = seen.slice(from, from + 200);
  const short = `${from > 0 ? '…' : ''}${part}${from + part.length < seen.length ? '…' : ''}`;
  return ok ? `\`${short.replaceAll('`', "'")}\`` : `fails (${short})`;
}

/** What did not run, and why. */
export function skips(verdicts: readonly Verdict[]): string[] {
  return verdicts.flatMap(({ title, skipped }) => (skipped === null ? [] : [`${title}: ${skipped}`]));
}
