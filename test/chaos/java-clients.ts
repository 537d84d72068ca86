/** Apache Kafka's own clients beside the others: what they were told is checked with the raw logs in the end. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { install } from '../../scripts/kafka/index.ts';
import { javaCommand } from '../../scripts/kafka/tools.ts';
import type { Acknowledged } from './producers.ts';

export interface ReadRecord {
  readonly partition: number;
  readonly offset: number;
  readonly value: string;
}

const program = fileURLToPath(new URL('JavaClients.java', import.meta.url));
const JVM = ['-Xmx192m', '-XX:TieredStopAtLevel=1'];

export class JavaClients {
  readonly name = 'java';
  readonly isIdempotent = true;
  readonly acknowledged: Acknowledged[] = [];
  /** Serial numbers of transactions, as the client was told. */
  readonly committed = new Set<number>();
  readonly aborted = new Set<number>();
  /** By the group, in the order in which it came; again what was not committed before a consumer went. */
  readonly read: ReadRecord[] = [];
  failures = 0;
  /** What went wrong, and how often. */
  readonly troubles = new Map<string, number>();
  readonly #child: ChildProcess;
  readonly #produced: Promise<void>;

  static async start(bootstrap: string, topic: string, transactions: string, partitions: number): Promise<JavaClients> {
    const { classpath } = await install();
    const args = [...JVM, '-cp', classpath, program, bootstrap, topic, transactions, String(partitions)];
    return new JavaClients(spawn(javaCommand(), args, { stdio: ['pipe', 'pipe', 'ignore'] }));
  }

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#produced = new Promise((resolve) => {
      child.once('exit', () => resolve());
      createInterface({ input: child.stdout! }).on('line', (line) => {
        if (line === 'produced') resolve();
        else this.#told(line);
      });
    });
  }

  #told(line: string): void {
    const [what, ...words] = line.split(' ');
    const [partition, offset] = words.map(Number);
    const value = words.slice(2).join(' ');
    if (what === 'acked') this.acknowledged.push({ partition, offset, value });
    else if (what === 'read') this.read.push({ partition, offset, value });
    else if (what === 'committed') this.committed.add(Number(words[0]));
    else if (what === 'aborted') this.aborted.add(Number(words[0]));
    else if (what === 'failed') {
      this.failures++;
      const trouble = words.slice(0, 2).join(' ');
      this.troubles.set(trouble, (this.troubles.get(trouble) ?? 0) + 1);
    }
  }

  /** Resolves when nothing is under way any more; the group reads on. */
  endProducing(): Promise<void> {
    this.#child.stdin!.end();
    return this.#produced;
  }

  end(): void {
    this.#child.kill('SIGKILL');
  }
}
