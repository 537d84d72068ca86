/** Compiles load.c once and runs it: frames made here by Ottla's own codecs, pumped there at next to no cost. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheDirectory } from '../scripts/kafka/install.ts';

export interface RawResult {
  readonly answers: number;
  readonly seconds: number;
  readonly bytesOut: number;
  readonly bytesIn: number;
  readonly loadCpuSeconds: number;
  /** Of the time from request to answer; microseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

export interface Frame {
  /** With its size in front. */
  readonly bytes: Buffer;
  /** False for Produce with acks=0. */
  readonly answered: boolean;
}

const source = fileURLToPath(new URL('load.c', import.meta.url));
let compiled: string | null | undefined;

/** The program, or null where there is no C compiler: then there are no raw loads. */
export function loadProgram(): string | null {
  compiled ??= compile();
  return compiled;
}

function compile(): string | null {
  const hash = createHash('sha256').update(readFileSync(source)).digest('hex').slice(0, 16);
  const directory = join(cacheDirectory(), 'bench');
  const program = join(directory, `load-${hash}`);
  if (existsSync(program)) return program;
  mkdirSync(directory, { recursive: true });
  try {
    const temporary = `${program}.${process.pid}`;
    execFileSync(process.env['CC'] ?? 'cc', ['-O2', '-o', temporary, source], { stdio: 'pipe' });
    renameSync(temporary, program);
    return program;
  } catch {
    return null;
  }
}

export interface PumpOptions {
  readonly connections: number;
  /** Requests under way on each. */
  readonly depth: number;
  readonly seconds: number;
  /** Sends them from a file, which costs the load a copy less: where it shares the cores with what is measured. */
  readonly isFed?: boolean;
}

export function pump(port: number, frames: readonly Frame[], options: PumpOptions) {
  const { connections, depth, seconds, isFed = false } = options;
  return withFrames(frames, (path) => run([isFed ? 'feed' : 'pump', port, path, connections, depth, seconds]));
}

/** The time from a produce to the answer of a fetch that waits for it; `offsetAt` is where in the poll its offset stands. */
export function deliver(port: number, poll: Frame, produce: Frame, offsetAt: number, seconds: number) {
  return withFrames([poll, produce], (path) => run(['deliver', port, path, offsetAt, seconds]));
}

/** Holds so many connections open, each of which was answered once, until `task` is done. */
export async function withIdle(port: number, frame: Frame, count: number, task: () => Promise<void>): Promise<void> {
  await withFrames([frame], async (path) => {
    const child = start(['idle', port, path, count]);
    await Promise.race([once(child.stdout!, 'data'), ended(child)]);
    await task();
    child.stdin!.end();
    await ended(child);
  });
}

async function withFrames<T>(frames: readonly Frame[], task: (path: string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'ottla-bench-'));
  try {
    const path = join(directory, 'frames');
    writeFileSync(path, Buffer.concat(frames.flatMap((each) => [Buffer.from([each.answered ? 1 : 0]), each.bytes])));
    return await task(path);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

async function run(args: readonly (string | number)[]): Promise<RawResult> {
  const child = start(args);
  let output = '';
  child.stdout!.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await ended(child);
  return JSON.parse(output) as RawResult;
}

function start(args: readonly (string | number)[]): ChildProcess {
  return spawn(loadProgram()!, args.map(String), { stdio: ['pipe', 'pipe', 'inherit'] });
}

async function ended(child: ChildProcess): Promise<void> {
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`the load ended with ${code}: ${child.spawnargs.join(' ')}`);
}
