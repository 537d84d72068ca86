/** `ottla start` of this checkout as a process of its own, which can be killed and started again on the same directory. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../brokers/ports.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

export class OttlaProcess {
  readonly nodeId: number;
  readonly directory: string;
  port = 0;
  readonly #settings: Readonly<Record<string, string>>;
  #child: ChildProcess | null = null;
  #exited: Promise<number | null> = Promise.resolve(null);
  /** What it has said, on both streams. */
  output = '';

  constructor(nodeId: number, directory: string, settings: Readonly<Record<string, string>>) {
    this.nodeId = nodeId;
    this.directory = directory;
    this.#settings = settings;
  }

  get bootstrap(): string {
    return `127.0.0.1:${this.port}`;
  }

  get logDirectory(): string {
    return join(this.directory, 'data');
  }

  /** Resolves when it is ready. @throws when it ends instead */
  async start(): Promise<void> {
    await this.launch();
    const ended = this.#exited.then((code) => {
      throw new Error(`broker ${this.nodeId} ended with ${code} while it started:\n${this.output}`);
    });
    await Promise.race([this.#ready(), ended]);
  }

  /** Starts it, and waits for nothing. */
  async launch(): Promise<void> {
    if (this.port === 0) this.port = await freePort();
    mkdirSync(this.directory, { recursive: true });
    const settings = {
      'node.id': String(this.nodeId),
      listeners: `PLAINTEXT://${this.bootstrap}`,
      'log.dirs': this.logDirectory,
      ...this.#settings,
    };
    const file = join(this.directory, 'server.properties');
    const lines = Object.entries(settings).map(([key, value]) => `${key}=${value}\n`);
    writeFileSync(file, lines.join(''));
    this.output = '';
    const child = spawn(process.execPath, [MAIN, 'start', '--config', file, '--log-level', 'info'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (text: Buffer) => (this.output += text.toString()));
    this.#child = child;
    this.#exited = once(child, 'exit').then(([code]) => code as number | null);
  }

  /** Its exit code; null where a signal has ended it. */
  exited(): Promise<number | null> {
    return this.#exited;
  }

  /** SIGTERM: in order. */
  stop(): Promise<number | null> {
    this.#child?.kill('SIGTERM');
    return this.#exited;
  }

  kill(): Promise<number | null> {
    this.#child?.kill('SIGKILL');
    return this.#exited;
  }

  /** What it left when it ended in order. */
  cleanShutdownMarker(): unknown {
    return JSON.parse(readFileSync(join(this.logDirectory, '.kafka_cleanshutdown'), 'utf8'));
  }

  async #ready(): Promise<void> {
    for (const stream of [this.#child!.stdout!]) while (!this.output.includes('ready ')) await once(stream, 'data');
  }
}
