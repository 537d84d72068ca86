/** The broker as a process of its own, under a limit of memory, watched from outside. */
import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Client } from '../../protocol/client.ts';
import { dial } from '../running-broker.ts';
import type { Target } from './input.ts';
import type { Mutant } from './mutants.ts';

const HEAP_MB = 512;
const PATIENCE_MS = 30_000;
const LOOK_MS = 5;
const inRepository = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const MONITOR = inRepository('bench/event-loop.cjs');
const BUNDLE = [inRepository('bin/ottla.cjs')];
const MUTATED_SOURCE = ['--import', inRepository('test/hostile/mutate.mjs'), inRepository('src/main.ts')];

/** Milliseconds: how late the loop was by the clock, and the processor time it took between two looks at it. */
export interface LoopDelay {
  readonly late: { readonly p99: number; readonly max: number };
  readonly work: { readonly p99: number; readonly max: number };
}

export interface StartOptions {
  readonly dir: string;
  readonly port: number;
  /** Of the listener that asks who connects. */
  readonly securedPort: number;
  /** Null: there is no such listener. */
  readonly protocol: 'SASL_SSL' | 'SASL_PLAINTEXT' | null;
  readonly settings: Readonly<Record<string, string>>;
  /** Null: the bundle of dist/ as it is. */
  readonly mutant: Mutant | null;
}

export class BrokerProcess implements Target {
  readonly port: number;
  readonly securedPort: number;
  /** How long it took to be ready. */
  startMs = 0;
  readonly #child: ChildProcess;
  readonly #clients: Client[] = [];
  #output = '';
  #said = '';

  private constructor({ dir, port, securedPort, protocol, settings, mutant }: StartOptions) {
    this.port = port;
    this.securedPort = securedPort;
    const all = { ...listeners(port, securedPort, protocol), ...settings };
    const set = Object.entries(all).flatMap(([key, value]) => ['--set', `${key}=${value}`]);
    const node = [`--max-old-space-size=${HEAP_MB}`, '--require', MONITOR];
    const program = [...(mutant === null ? BUNDLE : MUTATED_SOURCE), 'start'];
    this.#child = spawn(process.execPath, [...node, ...program, '--dir', dir, ...set], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, HOSTILE_MUTANT: JSON.stringify(mutant) },
    });
    this.#child.stdout!.on('data', (chunk: Buffer) => (this.#output += chunk.toString()));
    this.#child.stderr!.on('data', (chunk: Buffer) => (this.#said = (this.#said + chunk.toString()).slice(-4000)));
  }

  static async start(options: StartOptions): Promise<BrokerProcess> {
    const begun = performance.now();
    const broker = new BrokerProcess(options);
    process.once('exit', broker.#kill);
    broker.#child.once('exit', () => process.off('exit', broker.#kill));
    await broker.#says('ready');
    broker.startMs = performance.now() - begun;
    return broker;
  }

  /** Null while it runs; otherwise its exit code, or the signal that ended it. */
  get exit(): number | string | null {
    return this.#child.exitCode ?? this.#child.signalCode;
  }

  async connect(): Promise<Client> {
    const client = await dial(`127.0.0.1:${this.port}`);
    this.#clients.push(client);
    return client;
  }

  /** Since this was asked last. */
  async loopDelay(): Promise<LoopDelay> {
    this.#output = '';
    this.#child.kill('SIGUSR2');
    await this.#says('\n');
    return JSON.parse(/event-loop (.*)/.exec(this.#output)![1]) as LoopDelay;
  }

  /** The most resident memory since `forgetPeak`; MB (10^6). */
  get peakMb(): number {
    const kib = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${this.#child.pid}/status`, 'utf8'));
    return (Number(kib?.[1]) * 1024) / 1e6;
  }

  forgetPeak(): void {
    writeFileSync(`/proc/${this.#child.pid}/clear_refs`, '5');
  }

  /** Milliseconds from SIGTERM to the end of the process; Infinity where only SIGKILL ended it. */
  async stop(): Promise<number> {
    const begun = performance.now();
    this.#child.kill('SIGTERM');
    while (this.exit === null && performance.now() - begun < PATIENCE_MS) await wait(LOOK_MS);
    const took = this.exit === null ? Infinity : performance.now() - begun;
    this.#kill();
    while (this.exit === null) await wait(LOOK_MS);
    await Promise.all(this.#clients.map((client) => client.close()));
    return took;
  }

  readonly #kill = (): void => void this.#child.kill('SIGKILL');

  async #says(text: string): Promise<void> {
    const begun = performance.now();
    while (!this.#output.includes(text)) {
      if (this.exit !== null) throw new Error(`the broker ended with ${this.exit}: ${this.#said}`);
      if (performance.now() - begun > PATIENCE_MS) throw new Error(`the broker was silent for ${PATIENCE_MS} ms`);
      await wait(LOOK_MS);
    }
  }
}

function listeners(port: number, securedPort: number, protocol: StartOptions['protocol']): Record<string, string> {
  const own = `PLAINTEXT://127.0.0.1:${port}`;
  if (protocol === null) return { listeners: own };
  return {
    listeners: `${own},SECURED://127.0.0.1:${securedPort}`,
    'listener.security.protocol.map': `PLAINTEXT:PLAINTEXT,SECURED:${protocol}`,
  };
}
