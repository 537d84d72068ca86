/** A virtual machine that runs Java consumers and Kafka's tools, told what to do by lines; see GroupDriver.java. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { install } from '../../../scripts/kafka/index.ts';
import { javaCommand } from '../../../scripts/kafka/tools.ts';
import { javaVersion } from '../../brokers/kafka.ts';

const DRIVER = fileURLToPath(new URL('GroupDriver.java', import.meta.url));
const OLDEST_JAVA = 17;

/** Null, or what is missing for these tests; it fetches Apache Kafka's jars where they are not there yet. */
export async function whyNoJava(): Promise<string | null> {
  if ((javaVersion() ?? 0) < OLDEST_JAVA) return `these tests need Java ${OLDEST_JAVA} or later`;
  try {
    await install();
    return null;
  } catch (error) {
    return `these tests need Apache Kafka's jars: ${error instanceof Error ? error.message : String(error)}`;
  }
}

const ENDED = { last: 'failed: the driver has ended', lines: [] };

export interface ToolRun {
  readonly exitCode: number;
  /** Lines of both streams in the order they came, but for empty ones. */
  readonly output: string[];
  /** The same, "| " before what came from stdout and "! " before what came from stderr. */
  readonly marked: string[];
}

export class JavaDriver {
  readonly #child: ChildProcess;
  readonly #waiting: ((answer: { last: string; lines: string[] }) => void)[] = [];
  #lines: string[] = [];
  #hasEnded = false;

  static async start(bootstrap: string): Promise<JavaDriver> {
    return new JavaDriver(bootstrap, (await install()).classpath);
  }

  private constructor(bootstrap: string, classpath: string) {
    const options = [
      '-XX:TieredStopAtLevel=1',
      '-Xshare:auto',
      '-Dorg.slf4j.simpleLogger.defaultLogLevel=off',
      '-Dorg.apache.logging.log4j.level=OFF',
    ];
    this.#child = spawn(javaCommand(), [...options, '-cp', classpath, DRIVER, bootstrap], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    createInterface(this.#child.stdout!).on('line', (line) => {
      if (/^[|!] ./.test(line) && line.slice(2).trim() !== '') this.#lines.push(line);
      if (!line.startsWith('= ')) return;
      this.#waiting.shift()?.({ last: line.slice(2), lines: this.#lines });
      this.#lines = [];
    });
    this.#child.once('exit', () => {
      this.#hasEnded = true;
      for (const answer of this.#waiting.splice(0)) answer(ENDED);
    });
  }

  /** @throws {Error} where the command failed */
  async ask(...words: string[]): Promise<string> {
    return (await this.#send(words)).last;
  }

  async tool(name: string, ...words: string[]): Promise<ToolRun> {
    const { last, lines } = await this.#send(['tool', name, ...words]);
    return { exitCode: Number(last.replace('exit ', '')), output: lines.map((line) => line.slice(2)), marked: lines };
  }

  /** The same of a tool that reads lines. */
  async toolReading(input: string, name: string, ...words: string[]): Promise<ToolRun> {
    await this.#send(['input', Buffer.from(input).toString('base64')]);
    return this.tool(name, ...words);
  }

  /** What each consumer has now, by its name. */
  async assigned(): Promise<Map<string, string[]>> {
    return perMember(await this.ask('assigned'));
  }

  stop(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#child.exitCode !== null) return resolve();
      this.#child.once('exit', () => resolve());
      this.#child.stdin?.end();
    });
  }

  async #send(words: readonly string[]): Promise<{ last: string; lines: string[] }> {
    const answer = await new Promise<{ last: string; lines: string[] }>((resolve) => {
      if (this.#hasEnded) return resolve(ENDED);
      this.#waiting.push(resolve);
      this.#child.stdin?.write(`${words.join('\t')}\n`);
    });
    if (answer.last.startsWith('failed: ')) throw new Error(`${words.join(' ')} ${answer.last}`);
    return answer;
  }
}

export function perMember(answer: string): Map<string, string[]> {
  const members = answer.split('; ').filter((each) => each !== '');
  return new Map(
    members.map((each) => {
      const [name, words] = each.split(': ');
      return [name, words.split(' ').filter((word) => word !== '')];
    }),
  );
}
