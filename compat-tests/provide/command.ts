/** Runs the package managers and compilers that bring what a suite needs. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';

export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Given on standard input. */
  readonly input?: string;
  /** Killed after so long; default ten minutes. */
  readonly timeoutMs?: number;
}

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const PATIENCE_MS = 600_000;

/** Runs to the end, whatever the end; a command that is not there has code 127. */
export async function runCommand(
  command: string,
  args: readonly string[],
  { cwd, env, input = '', timeoutMs = PATIENCE_MS }: CommandOptions = {},
): Promise<CommandResult> {
  const child = spawn(command, args, { cwd, env: env ?? process.env, stdio: ['pipe', 'pipe', 'pipe'], detached: true });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  child.stdin.on('error', () => {}); // it may end without having read
  child.stdin.end(input);
  // With all that it started: `go test` and Python's own children would live on.
  const kill = (): void => void (child.pid !== undefined && process.kill(-child.pid, 'SIGKILL'));
  const late = setTimeout(kill, timeoutMs);
  try {
    const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
    const said = code === null ? `ended by ${signal} (after ${timeoutMs} ms at most)\n` : '';
    return { code: code ?? -1, stdout: textOf(out), stderr: textOf(err) + said };
  } catch (error) {
    return { code: 127, stdout: '', stderr: String(error) };
  } finally {
    clearTimeout(late);
  }
}

/** @throws with the end of what it said, unless it ends well */
export async function mustRun(command: string, args: readonly string[], options: CommandOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await runCommand(command, args, options);
  if (code === 0) return stdout;
  const said = (stderr.trim() || stdout.trim()).split('\n').slice(-8).join('\n');
  throw new Error(`${command} ${args.slice(0, 3).join(' ')} ended with ${code}: ${said}`);
}

/** The first line a command says to `args`, or null where there is no such command. */
export async function versionOf(command: string, ...args: string[]): Promise<string | null> {
  const { code, stdout, stderr } = await runCommand(command, args, { timeoutMs: 60_000 });
  return code === 0 ? (stdout || stderr).trim().split('\n')[0] : null;
}

function textOf(chunks: readonly Buffer[]): string {
  return Buffer.concat(chunks).toString('utf8');
}
