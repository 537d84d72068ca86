/** Runs commands of `ottla` inside this process, against a terminal made of strings. */
import { Readable, Writable } from 'node:stream';
import { connect as openSocket, createServer, type AddressInfo, type Server } from 'node:net';
import { once } from 'node:events';
import { runTool } from '../../src/cli/program.ts';
import type { Terminal } from '../../src/cli/terminal.ts';
import { systemClock } from '../../src/platform/clock.ts';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface Surroundings {
  readonly stdin?: string | Buffer | Readable;
  readonly environment?: Readonly<Record<string, string>>;
  /** Whether stdout and stderr are terminals. */
  readonly isTTY?: boolean;
  /** Aborted: as if Ctrl-C was pressed. */
  readonly stopping?: AbortSignal;
  /** Sees what is written to stdout as it comes. */
  readonly seen?: (text: string) => void;
}

/** As main.ts does it: failures are words on stderr and an exit code. */
export async function ottla(args: readonly string[], surroundings: Surroundings = {}, run = runTool): Promise<Ran> {
  const { stdin = '', environment = {}, isTTY = false, stopping = new AbortController().signal, seen } = surroundings;
  const [out, err]: [string[], string[]] = [[], []];
  const sink = (into: string[], see?: (text: string) => void) =>
    Object.assign(
      new Writable({
        write(piece: Buffer, _encoding, done) {
          into.push(piece.toString());
          see?.(piece.toString());
          done();
        },
      }),
      { isTTY },
    );
  const terminal: Terminal = {
    stdin: stdin instanceof Readable ? stdin : Readable.from(stdin.length === 0 ? [] : [Buffer.from(stdin)]),
    stdout: sink(out, seen),
    stderr: sink(err),
    environment,
    clock: systemClock,
    stopping: () => stopping,
  };
  let code: number;
  try {
    code = await run(args, terminal);
  } catch (error) {
    const { name, message } = error as Error;
    err.push(`ottla: ${message}\n`);
    code = name === 'UsageError' ? 2 : 1;
  }
  return { code, out: out.join(''), err: err.join('') };
}

/** What ran well, as lines. */
export async function linesOf(args: readonly string[], surroundings?: Surroundings): Promise<string[]> {
  const { code, out, err } = await ottla(args, surroundings);
  if (code !== 0) throw new Error(`ottla ${args.join(' ')} ended with ${code}: ${err}`);
  return out.split('\n').slice(0, -1);
}

/** Stands between clients and whatever listens at `target`; what comes back goes through `change`. */
export async function proxy(target: () => number, change: (fromBroker: Buffer) => Buffer): Promise<Server> {
  const server = createServer((client) => {
    const broker = openSocket({ host: '127.0.0.1', port: target() });
    client.on('error', () => {}).on('close', () => broker.destroy());
    broker.on('error', () => {}).on('close', () => client.destroy());
    client.pipe(broker);
    broker.on('data', (piece: Buffer) => client.write(change(piece)));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

export function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}
