/** Apache Kafka's command line tools one after the other in one JVM: for those who run dozens of them, each in a part of a second. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { install } from './install.ts';
import { javaCommand, QUIET, started, TOOL_JVM, toolClass, type ToolResult } from './tools.ts';

const program = fileURLToPath(new URL('ToolServer.java', import.meta.url));
/** Longer than any tool takes that ends. */
const PATIENCE_MS = 180_000;

export class ToolServer {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  /** @throws when there is no Java to start */
  static async start(): Promise<ToolServer> {
    const { classpath } = await install();
    const args = [...TOOL_JVM, QUIET, '-cp', classpath, program];
    const child = spawn(javaCommand(), args, { stdio: ['pipe', 'pipe', 'ignore'] });
    await started(child);
    child.stdin.on('error', () => {}); // of a JVM that has ended `run` tells
    return new ToolServer(child, createInterface({ input: child.stdout }));
  }

  private constructor(child: ChildProcess, lines: Interface) {
    this.#child = child;
    this.#lines = lines[Symbol.asyncIterator]();
  }

  /**
   * To its end; to be called when the one before has ended. Tools that read standard input are for `runTool`.
   * @throws when the JVM has ended, as it is made to where a tool does not end
   */
  async run(name: string, args: readonly string[]): Promise<ToolResult> {
    const words = [toolClass(name), ...args.map((arg) => encodeURIComponent(arg))];
    this.#child.stdin!.write(`${words.join(' ')}\n`);
    const late = setTimeout(() => this.#child.kill('SIGKILL'), PATIENCE_MS);
    const { value, done } = await this.#lines.next();
    clearTimeout(late);
    if (done === true) throw new Error(`the JVM of Kafka's tools has ended while ${name} ran`);
    const [code, output] = value.split(' ');
    return { code: Number(code), output: Buffer.from(output, 'base64').toString('utf8') };
  }

  stop(): void {
    this.#child.stdin!.end();
  }
}
