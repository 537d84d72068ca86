/** Runs the command `ottla` as a process of its own. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { commandPath } from '../bundled-command.ts';

export class Command {
  readonly process: ChildProcess;
  stdout = '';
  stderr = '';
  readonly #ended: Promise<number | NodeJS.Signals | null>;

  /** None of this process's variables for Kafka reach it, only `variables`. */
  constructor(args: readonly string[], variables: Readonly<Record<string, string>> = {}, directory?: string) {
    const kept = Object.entries(process.env).filter(([name]) => !/^(KAFKA|CLUSTER_ID|OTTLA)/.test(name));
    this.process = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', commandPath(), ...args], {
      env: { ...Object.fromEntries(kept), ...variables },
      cwd: directory,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.process.stdout!.on('data', (text: Buffer) => (this.stdout += text.toString()));
    this.process.stderr!.on('data', (text: Buffer) => (this.stderr += text.toString()));
    this.#ended = once(this.process, 'close').then(
      ([code, signal]) => (code as number | null) ?? (signal as NodeJS.Signals),
    );
  }

  /** The address it prints when it answers requests. */
  async ready(): Promise<string> {
    for (;;) {
      const [, address] = /^ready (\S+)\n/.exec(this.stdout) ?? [];
      if (address !== undefined) return address;
      const next = once(this.process.stdout!, 'data').then(() => null);
      const ended = await Promise.race([next, this.#ended]);
      if (ended !== null && !this.stdout.startsWith('ready')) throw new Error(`it ended with ${ended}: ${this.stderr}`);
    }
  }

  /** Resolves with its exit code, or the signal that ended it. */
  get ended(): Promise<number | NodeJS.Signals | null> {
    return this.#ended;
  }

  kill(signal: NodeJS.Signals): void {
    this.process.kill(signal);
  }
}
