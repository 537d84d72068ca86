/**
 * Draws the curves of docs/scale.md: `node scripts/scale-plots.ts --steps FILE --sizes FILE` puts the figures that
 * `npm run sim:scale -- --json FILE` and `npm run scale:cluster -- --json FILE` have kept into docs/scale/results.json, and draws what is in
 * there. A flag that is missing leaves what is known.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Figures } from '../test/simulation/scale/figures.ts';
import type { ClusterFigures } from '../test/scale/cluster.ts';

interface Run {
  readonly brokers: number;
  readonly topics: number;
  /** Of each topic. */
  readonly partitions: number;
  readonly figures: readonly Figures[];
}

interface Results {
  /** Of the largest cluster that was simulated. */
  readonly steps: Run;
  /** By size. */
  readonly sizes: readonly ClusterFigures[];
}

interface Series {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

interface Plot {
  readonly title: string;
  readonly x: string;
  readonly y: string;
  /** Logarithmic, both ways. */
  readonly isLog?: boolean;
  /** A level that must not be passed. */
  readonly limit?: { readonly at: number; readonly name: string };
  readonly series: readonly Series[];
  /** Instead of numbers on the axis of x. */
  readonly names?: readonly string[];
}

const DIRECTORY = join(import.meta.dirname, '..', 'docs', 'scale');
const RESULTS = join(DIRECTORY, 'results.json');
const [WIDTH, HEIGHT] = [760, 380];
const FRAME = { left: 70, right: 20, top: 40, bottom: 60 };
const COLOURS = ['#1f6feb', '#d1242f', '#1a7f37', '#8250df'];
const MB = 1e6;
const SECOND_MS = 1000;

function plotsOf({ steps: run, sizes }: Results): Record<string, Plot> {
  const partitions = (run.topics * run.partitions).toLocaleString('en');
  const by = (of: (each: ClusterFigures) => number) => sizes.map((each) => [each.partitions, of(each)] as const);
  const perStep = (of: (figures: Figures) => number) => run.figures.map((each, i) => [i, of(each)] as const);
  const names = run.figures.map(({ step }) => step);
  return {
    memory: {
      title: 'The state of a cluster in memory, and as a snapshot',
      x: 'partitions, with three replicas each',
      y: 'MB',
      isLog: true,
      limit: { at: 400, name: '400 MB' },
      series: [
        { name: 'in memory, at each broker and controller', points: by(({ imageMb }) => imageMb) },
        { name: 'snapshot', points: by(({ snapshotMb }) => snapshotMb) },
      ],
    },
    load: {
      title: 'Reading it from a snapshot',
      x: 'partitions',
      y: 'seconds of processor time',
      isLog: true,
      limit: { at: 6, name: '6 s' },
      series: [{ name: 'load', points: by(({ loadMs }) => loadMs / SECOND_MS) }],
    },
    'lost-broker': {
      title: `One of ${run.brokers} brokers is lost`,
      x: 'partitions',
      y: 'ms of processor time, the least of twenty',
      isLog: true,
      limit: { at: 100, name: '100 ms' },
      series: [
        { name: 'at the controller', points: by(({ controllerMs }) => controllerMs) },
        { name: 'at each other broker', points: by(({ brokerMs }) => brokerMs) },
      ],
    },
    steps: {
      title: `${partitions} partitions: processor time of each step`,
      x: '',
      y: 'seconds',
      names,
      series: [
        { name: 'of the controller', points: perStep(({ controllerMs }) => controllerMs / SECOND_MS) },
        { name: 'of each broker', points: perStep(({ brokerMs }) => brokerMs / SECOND_MS) },
      ],
    },
    etcd: {
      title: `${partitions} partitions: what etcd keeps after each step`,
      x: '',
      y: 'MB',
      names,
      series: [
        { name: 'the most so far: its file', points: perStep(({ etcdMostBytes }) => etcdMostBytes / MB) },
        { name: 'in use', points: perStep(({ etcdBytes }) => etcdBytes / MB) },
      ],
    },
  };
}

/** From a value to where it is drawn. */
type Scale = (value: number) => number;

function scaleOf(values: readonly number[], from: number, to: number, isLog: boolean): { at: Scale; ticks: number[] } {
  const positive = values.filter((value) => value > 0);
  const [least, most] = [Math.min(...positive), Math.max(...positive)];
  if (!isLog) {
    const step = 10 ** Math.floor(Math.log10(most));
    const top = Math.ceil(most / step) * step;
    const at: Scale = (value) => from + (value / top) * (to - from);
    return { at, ticks: [0, 0.25, 0.5, 0.75, 1].map((share) => share * top) };
  }
  const [low, high] = [
    Math.floor(Math.log10(least)),
    Math.max(Math.ceil(Math.log10(most)), Math.floor(Math.log10(least)) + 1),
  ];
  const at: Scale = (value) => from + ((Math.log10(Math.max(value, 10 ** low)) - low) / (high - low)) * (to - from);
  return { at, ticks: Array.from({ length: high - low + 1 }, (_, i) => 10 ** (low + i)) };
}

function svgOf(plot: Plot): string {
  const { series, isLog = false, limit, names } = plot;
  const [left, right] = [FRAME.left, WIDTH - FRAME.right];
  const bottom = HEIGHT - FRAME.bottom - (names === undefined ? 0 : 60);
  const points = series.flatMap((each) => each.points);
  const y = scaleOf(
    [...points.map(([, value]) => value), ...(limit === undefined ? [] : [limit.at])],
    bottom,
    FRAME.top,
    isLog,
  );
  const x =
    names === undefined
      ? scaleOf(
          points.map(([value]) => value),
          left + 10,
          right - 10,
          true,
        )
      : null;
  const column = (right - left) / (names?.length ?? 1);
  const placeOf = (value: number): number => x?.at(value) ?? left + (value + 0.5) * column;
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    text(WIDTH / 2, 20, plot.title, 'middle', 'font-weight="bold"'),
    text(14, FRAME.top - 12, plot.y, 'start'),
    text((left + right) / 2, HEIGHT - 8, plot.x, 'middle'),
  ];
  for (const tick of y.ticks) {
    parts.push(line(left, y.at(tick), right, y.at(tick), '#ddd'), text(left - 6, y.at(tick) + 4, short(tick), 'end'));
  }
  for (const tick of x?.ticks ?? []) parts.push(text(placeOf(tick), bottom + 16, short(tick), 'middle'));
  for (const [i, name] of (names ?? []).entries()) {
    const [px, py] = [placeOf(i), bottom + 14];
    parts.push(text(px, py, name, 'end', `transform="rotate(-35 ${px} ${py})" font-size="10"`));
  }
  if (limit !== undefined) {
    const at = y.at(limit.at);
    parts.push(line(left, at, right, at, '#bf8700', 'stroke-dasharray="5 4"'), text(right, at - 4, limit.name, 'end'));
  }
  for (const [i, each] of series.entries()) {
    const colour = COLOURS[i];
    parts.push(`<rect x="${left + 10}" y="${FRAME.top + 4 + i * 16}" width="10" height="10" fill="${colour}"/>`);
    parts.push(text(left + 26, FRAME.top + 13 + i * 16, each.name, 'start'));
    const drawn = each.points.map(([px, value]) => [placeOf(px), y.at(value)] as const);
    if (names === undefined) {
      parts.push(
        `<polyline fill="none" stroke="${colour}" stroke-width="2" points="${drawn.map((p) => p.map(round).join()).join(' ')}"/>`,
      );
      for (const [px, py] of drawn) parts.push(`<circle cx="${round(px)}" cy="${round(py)}" r="3" fill="${colour}"/>`);
    } else {
      const width = (column * 0.8) / series.length;
      for (const [px, py] of drawn) {
        const at = px - column * 0.4 + i * width;
        parts.push(
          `<rect x="${round(at)}" y="${round(py)}" width="${round(width)}" height="${round(bottom - py)}" fill="${colour}"/>`,
        );
      }
    }
  }
  return `${parts.join('\n')}\n</svg>\n`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function short(value: number): string {
  if (value >= 1e6) return `${round(value / 1e6)} M`;
  return value >= 1000 ? `${round(value / 1000)},000`.replace(/\.\d/, '') : String(round(value * 100) / 100);
}

function text(x: number, y: number, content: string, anchor: string, more = ''): string {
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}" ${more}>${content}</text>`;
}

function line(x1: number, y1: number, x2: number, y2: number, colour: string, more = ''): string {
  return `<line x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}" stroke="${colour}" ${more}/>`;
}

function read(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8'));
}

const { values: flags } = parseArgs({ options: { steps: { type: 'string' }, sizes: { type: 'string' } } });
const known = existsSync(RESULTS) ? (read(RESULTS) as Partial<Results>) : {};
const steps = flags.steps === undefined ? known.steps : (read(flags.steps) as Run);
const sizes = flags.sizes === undefined ? known.sizes : (read(flags.sizes) as ClusterFigures[]);
if (steps === undefined || sizes === undefined) throw new Error('--steps and --sizes are needed: nothing is known yet');
const results: Results = { steps, sizes };
writeFileSync(RESULTS, `${JSON.stringify(results, null, 1)}\n`);
for (const [name, plot] of Object.entries(plotsOf(results))) writeFileSync(join(DIRECTORY, `${name}.svg`), svgOf(plot));
