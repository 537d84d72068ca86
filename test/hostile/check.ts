/** Sends one input to a broker of its own, measures what it cost, and says what was too much. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { freePort } from '../crash/free-port.ts';
import { BrokerProcess, type LoopDelay } from './broker-process.ts';
import { DEFAULT_LIMITS, type Input, type Limits } from './input.ts';
import type { Mutant } from './mutants.ts';
import { Neighbour, type Latencies, type NeighbourAccess } from './neighbour.ts';

const ALONE_MS = 1000;
/** When SIGTERM comes into the second run. */
const INTERRUPT_AFTER_MS = 400;
const GIVE_UP_MS = 120_000;
/** What an input leaves for timers of the broker counts to it. */
const AFTERMATH_MS = 300;

export interface Figures {
  alone: Latencies;
  beside: Latencies;
  delay: LoopDelay;
  residentMb: number;
  tookMs: number;
  /** After the input, and in its middle. */
  stopMs: number[];
  startMs: number;
}

export interface Result {
  readonly input: Input;
  readonly figures: Partial<Figures>;
  /** Everything that is wrong, in words. */
  readonly wrong: readonly string[];
}

export async function check(input: Input, mutant: Mutant | null = null): Promise<Result> {
  const dir = mkdtempSync(join(tmpdir(), 'ottla-hostile-'));
  const { secured } = input;
  const settings = { ...input.settings, ...(await secured?.settings()) };
  const securedPort = secured === undefined ? 0 : await freePort();
  const protocol = secured?.protocol ?? null;
  const options = { dir, port: await freePort(), securedPort, protocol, settings, mutant };
  const figures: Partial<Figures> = {};
  const wrong: string[] = [];
  try {
    const first = await BrokerProcess.start(options);
    const stopMs: number[] = [];
    figures.stopMs = stopMs;
    try {
      await measure(input, first, figures);
    } finally {
      stopMs.push(await first.stop());
    }
    if (first.exit !== 0) wrong.push(`it ended with ${first.exit}`);
    if (mutant !== null) return { input, figures, wrong: [...wrong, ...exceeded(figures, limitsOf(input))] };
    const second = await BrokerProcess.start(options);
    figures.startMs = second.startMs;
    const interrupted = input.run(second).catch(() => {}); // it fails with its connection
    await Promise.race([interrupted, wait(INTERRUPT_AFTER_MS)]);
    stopMs.push(await second.stop());
    if (second.exit !== 0) wrong.push(`interrupted, it ended with ${second.exit}`);
    await interrupted;
  } catch (error) {
    wrong.push((error as Error).message);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
  return { input, figures, wrong: [...wrong, ...exceeded(figures, limitsOf(input))] };
}

function limitsOf(input: Input): Limits {
  return { ...DEFAULT_LIMITS, ...input.limits };
}

async function measure(input: Input, broker: BrokerProcess, figures: Partial<Figures>): Promise<void> {
  await input.prepare?.(broker);
  const neighbour = await Neighbour.start(await neighbourOf(input, broker));
  try {
    await neighbour.lap();
    await wait(ALONE_MS);
    figures.alone = await neighbour.lap();
    broker.forgetPeak();
    await broker.loopDelay();
    const begun = performance.now();
    await Promise.race([input.run(broker), giveUp()]);
    figures.tookMs = performance.now() - begun;
    await wait(AFTERMATH_MS);
    figures.beside = await neighbour.lap();
    figures.delay = await broker.loopDelay();
    figures.residentMb = broker.peakMb;
  } finally {
    await neighbour.end();
  }
}

async function neighbourOf({ secured }: Input, { port, securedPort }: BrokerProcess): Promise<NeighbourAccess> {
  if (secured === undefined) return { port, ca: null, login: null };
  const { user, password } = secured;
  return { port: securedPort, ca: (await secured.ca?.()) ?? null, login: { user, password } };
}

async function giveUp(): Promise<never> {
  await wait(GIVE_UP_MS, null, { ref: false });
  throw new Error(`the input was not dealt with after ${GIVE_UP_MS / 1000} s`);
}

function exceeded(figures: Partial<Figures>, limits: Limits): string[] {
  const { alone, beside, delay, residentMb = 0, stopMs = [], startMs = 0 } = figures;
  const above = (what: string, is: number, limit: number): string[] =>
    is > limit ? [`${what} is ${is.toFixed(0)}, more than ${limit.toFixed(0)}`] : [];
  return [
    ...above('the longest turn in ms', delay?.work.max ?? 0, limits.turnMs),
    ...above('the resident memory in MB', residentMb, limits.residentMb),
    ...above("a well-behaved client's p99 in ms", beside?.p99 ?? 0, mostP99(alone?.p99 ?? 0, limits)),
    ...above('the number of requests of a well-behaved client that failed', beside?.failed ?? 0, 0),
    ...above('the time after SIGTERM in ms', Math.max(0, ...stopMs), limits.stopMs),
    ...above('the time of the next start in ms', startMs, limits.startMs),
  ];
}

/** A p99 of less than a few milliseconds says how busy the machine is, and no more. */
const LEAST_P99_MS = 5;

function mostP99(aloneMs: number, { neighbourMs, neighbourTimes = Infinity }: Limits): number {
  return Math.min(aloneMs + neighbourMs, Math.max(LEAST_P99_MS, aloneMs) * neighbourTimes);
}
