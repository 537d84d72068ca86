/** Where a tool, or what a broker answers it, means to differ from Apache Kafka, and why. Everything else is a defect. */
import type { Said } from './transcript.ts';

export interface KnownDifference {
  /** Fits the command line. */
  readonly where: RegExp;
  /** Fits the lines that only this side has. */
  readonly ottla?: RegExp;
  readonly kafka?: RegExp;
  /** The exit code here, where it is another. */
  readonly code?: number;
  readonly why: string;
}

export class KnownDifferences {
  readonly #all: readonly KnownDifference[];
  readonly #seen = new Set<KnownDifference>();

  constructor(all: readonly KnownDifference[]) {
    this.#all = all;
  }

  /** What Kafka said, where the other differs from it as is known; else the other as it is. */
  withoutThem(other: Said, kafka: Said): Said {
    const here = this.#all.filter(({ where }) => where.test(kafka.asked));
    const rest = (said: Said, side: 'ottla' | 'kafka'): string =>
      said.lines.filter((line) => !here.some((each) => each[side]?.test(line) === true)).join('\n');
    const codes = [kafka.code, ...here.flatMap(({ code }) => code ?? [])];
    if (!codes.includes(other.code) || rest(other, 'ottla') !== rest(kafka, 'kafka')) return other;
    for (const each of here) if (differs(each, other, kafka)) this.#seen.add(each);
    return kafka;
  }

  /** Those that were not found any more: they can go. */
  unseen(): string[] {
    return this.#all.filter((each) => !this.#seen.has(each)).map(({ where }) => String(where));
  }
}

function differs({ ottla, kafka: of, code }: KnownDifference, other: Said, kafka: Said): boolean {
  const [here, there] = [new Set(other.lines), new Set(kafka.lines)];
  return (
    (code !== undefined && other.code === code && kafka.code !== code) ||
    other.lines.some((line) => ottla?.test(line) === true && !there.has(line)) ||
    kafka.lines.some((line) => of?.test(line) === true && !here.has(line))
  );
}

export const MIN_INSYNC_REPLICAS: KnownDifference = {
  where: /^kafka-configs --describe/,
  ottla: /^\|   min\.insync\.replicas=/,
  kafka: /^\|   min\.insync\.replicas=/,
  why: 'A Kafka with eligible leader replicas (KIP-966) sets it for the cluster when it is formatted.',
};
