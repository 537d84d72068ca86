/** Medians over the rounds, their ratios, and how they are shown: as text, as JSON, as the table in docs/performance.md. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem, type } from 'node:os';
import { fileURLToPath } from 'node:url';
import { javaCommand } from '../scripts/kafka/tools.ts';
import { KAFKA_VERSION } from '../scripts/kafka/index.ts';
import type { Effort, Figures } from './load.ts';
import { median } from './median.ts';
import { TARGETS } from './targets.ts';

type Name = 'ottla' | 'kafka';

interface Row {
  readonly load: string;
  readonly title: string;
  readonly figure: string;
  readonly ottla: number;
  readonly kafka: number;
  /** Ottla's over Kafka's; null without the one. */
  readonly ratio: number | null;
}

/** What is shown of a load, in this order, and how. */
const FIGURES: Readonly<Record<string, { words: string; digits: number }>> = {
  requestsPerSecond: { words: 'requests/s', digits: 0 },
  recordsPerSecond: { words: 'records/s', digits: 0 },
  mbPerSecond: { words: 'MB/s', digits: 0 },
  cpuMicrosPerRequest: { words: 'CPU µs/request', digits: 1 },
  cpuPerMillionRecords: { words: 'CPU s/million', digits: 3 },
  cpuPerGb: { words: 'CPU s/GB', digits: 3 },
  p50: { words: 'p50 µs', digits: 0 },
  p99: { words: 'p99 µs', digits: 0 },
  p999: { words: 'p99.9 µs', digits: 0 },
  startMs: { words: 'ms', digits: 0 },
  rssMb: { words: 'RSS MB', digits: 0 },
  idleMbAdded: { words: 'MB more', digits: 0 },
  idleCpuPercent: { words: 'CPU % idle', digits: 1 },
};

const MARK = { begin: '<!-- bench: generated from here -->', end: '<!-- bench: to here -->' };
const page = fileURLToPath(new URL('../docs/performance.md', import.meta.url));
const results = fileURLToPath(new URL('results.json', import.meta.url));

export class Report {
  readonly #effort: Effort;
  readonly #warmUps: number;
  readonly #startedBusy = loadavg()[1];
  readonly #loads = new Map<string, { title: string; ottla: Figures[]; kafka: Figures[] }>();

  constructor(effort: Effort, warmUps: number) {
    this.#effort = effort;
    this.#warmUps = warmUps;
  }

  add(load: string, title: string, name: Name, figures: Figures): void {
    const entry = this.#loads.get(load) ?? { title, ottla: [], kafka: [] };
    this.#loads.set(load, entry);
    entry[name].push(figures);
  }

  static line(figures: Figures): string {
    return Object.keys(FIGURES)
      .filter((figure) => figures[figure] !== undefined)
      .map((figure) => `${shown(figure, figures[figure])} ${FIGURES[figure].words}`)
      .join(', ');
  }

  rows(): Row[] {
    const rows: Row[] = [];
    for (const [load, { title, ottla, kafka }] of this.#loads) {
      const all = [...ottla, ...kafka];
      for (const figure of Object.keys(FIGURES).filter((each) => all.some((figures) => each in figures))) {
        const of = (figures: Figures[]) => median(figures.map((each) => each[figure]));
        rows.push({ load, title, figure, ottla: of(ottla), kafka: of(kafka), ratio: ratioOf(of(ottla), of(kafka)) });
      }
    }
    const memory = rows.filter(({ figure }) => figure === 'rssMb');
    if (memory.length > 0) {
      const most = (name: Name) => Math.max(...memory.map((row) => row[name]));
      const [ottla, kafka] = [most('ottla'), most('kafka')];
      const title = 'the most resident memory after any load';
      rows.push({ load: 'memory', title, figure: 'rssMb', ottla, kafka, ratio: ratioOf(ottla, kafka) });
    }
    return rows;
  }

  /** Aligned columns for a terminal. */
  text(): string {
    const rows = this.rows();
    const lines = rows.map(({ load, figure, ottla, kafka, ratio }) =>
      [
        load.padEnd(26),
        FIGURES[figure].words.padEnd(16),
        shown(figure, ottla).padStart(12),
        shown(figure, kafka).padStart(12),
        ratioText(ratio).padStart(8),
      ].join(' '),
    );
    const head = ['load'.padEnd(26), ''.padEnd(16), 'Ottla'.padStart(12), 'Kafka'.padStart(12), 'ratio'.padStart(8)];
    return `${[head.join(' '), ...lines, '', ...targetLines(rows)].join('\n')}\n`;
  }

  /** How much else ran belongs to the figures: a load average above the number of cores is a machine shared with others. */
  #howMeasured(rounds: number): string {
    const busy = [this.#startedBusy, loadavg()[1]].map((load) => load.toFixed(0)).join(' to ');
    return `Medians of ${rounds} rounds in turn after ${this.#warmUps} to warm up; load average ${busy}.`;
  }

  /** Into docs/performance.md, between the marks, and bench/results.json. */
  write(rounds: number): void {
    const machine = machineFacts();
    const rows = this.rows();
    const facts = {
      machine,
      rounds,
      warmUps: this.#warmUps,
      loadAverages: [this.#startedBusy, loadavg()[1]],
      effort: this.#effort,
      rows,
      samples: Object.fromEntries(this.#loads),
    };
    writeFileSync(results, `${JSON.stringify(facts, null, 1)}\n`);
    const [before, rest] = readFileSync(page, 'utf8').split(MARK.begin);
    const after = rest.split(MARK.end)[1];
    const text = [
      MARK.begin,
      '',
      ...machineLines(machine, this.#howMeasured(rounds)),
      '',
      ...targetTable(rows),
      '',
      '<details>',
      `<summary>Every load: ${rows.length} rows</summary>`,
      '',
      ...table(rows),
      '',
      '</details>',
    ];
    writeFileSync(page, `${before}${text.join('\n')}\n\n${MARK.end}${after}`);
  }
}

/** Null where Kafka's figure is none to be divided by. */
function ratioOf(ottla: number, kafka: number): number | null {
  if (kafka < 0.01) return null;
  const ratio = ottla / kafka;
  return Number.isFinite(ratio) && ratio >= 0 ? ratio : null;
}

function shown(figure: string, value: number): string {
  if (!Number.isFinite(value)) return '–';
  return value.toLocaleString('en', {
    minimumFractionDigits: FIGURES[figure].digits,
    maximumFractionDigits: FIGURES[figure].digits,
  });
}

function ratioText(ratio: number | null): string {
  return ratio === null ? '–' : `${ratio.toFixed(ratio < 0.1 ? 3 : 2)}x`;
}

interface Met {
  readonly words: string;
  readonly bound: string;
  readonly ratio: number | null;
  readonly isMet: boolean;
}

function targetsMet(rows: readonly Row[]): Met[] {
  return TARGETS.flatMap(({ load, figure, words, atMost, atLeast }) => {
    const row = rows.find((each) => each.load === load && each.figure === figure);
    if (row === undefined) return [];
    const { ratio } = row;
    const isMet =
      ratio !== null && (atMost === undefined || ratio <= atMost) && (atLeast === undefined || ratio >= atLeast);
    const bound = atMost === undefined ? `at least ${atLeast}x` : `at most ${atMost}x`;
    return [{ words, bound, ratio, isMet }];
  });
}

function targetLines(rows: readonly Row[]): string[] {
  return targetsMet(rows).map(
    ({ words, bound, ratio, isMet }) => `${isMet ? 'met   ' : 'MISSED'} ${words}: ${ratioText(ratio)} (${bound})`,
  );
}

function targetTable(rows: readonly Row[]): string[] {
  return [
    '| target | asked | measured | |',
    '| --- | ---: | ---: | --- |',
    ...targetsMet(rows).map(
      ({ words, bound, ratio, isMet }) =>
        `| ${words} | ${bound} | ${ratioText(ratio)} | ${isMet ? 'met' : '**missed**'} |`,
    ),
  ];
}

/** The document shows a rate, a cost and the slow end of each load; results.json has all. */
function isInDocument({ load, figure }: Row, _at: number, rows: readonly Row[]): boolean {
  const has = (other: string): boolean => rows.some((row) => row.load === load && row.figure === other);
  if (['mbPerSecond', 'p50', 'p999'].includes(figure)) return false;
  if (figure === 'recordsPerSecond') return !has('requestsPerSecond');
  if (figure === 'cpuMicrosPerRequest') return !has('cpuPerMillionRecords');
  if (figure === 'cpuPerGb') return load.startsWith('fetch');
  if (figure === 'rssMb') return load === 'memory' || load.startsWith('idle');
  return true;
}

function table(rows: readonly Row[]): string[] {
  const lines: string[] = ['| load | figure | Ottla | Kafka | ratio |', '| --- | --- | ---: | ---: | ---: |'];
  let last = '';
  for (const { title, figure, ottla, kafka, ratio } of rows.filter(isInDocument)) {
    const load = title === last ? '' : title;
    last = title;
    lines.push(
      `| ${load} | ${FIGURES[figure].words} | ${shown(figure, ottla)} | ${shown(figure, kafka)} | ${ratioText(ratio)} |`,
    );
  }
  return lines;
}

function machineFacts() {
  const java = execFileSync(javaCommand(), ['--version'], { encoding: 'utf8' }).split('\n')[0];
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return {
    processor: cpus()[0].model.trim(),
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 1e9),
    system: `${type()} ${release()}`,
    node: process.version,
    java,
    ottla: version,
    kafka: KAFKA_VERSION,
    date: new Date().toISOString().slice(0, 10),
  };
}

function machineLines(machine: ReturnType<typeof machineFacts>, how: string): string[] {
  const { processor, cores, memoryGb, system, node, java, ottla, kafka, date } = machine;
  return [
    `${date}: Ottla ${ottla} on Node ${node.slice(1)}; Apache Kafka ${kafka} on ${java}. ${cores} cores of ${processor},`,
    `${memoryGb} GB, ${system}. ${how}`,
  ];
}
