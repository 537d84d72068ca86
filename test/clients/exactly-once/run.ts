/**
 * `npm run test:exactly-once -- --rounds 50`: consume-transform-produce by real clients, each in its own topics, on a broker
 * that is killed with SIGKILL every other second. `--clients kafkajs,java` picks; `--seed` repeats the moments of the
 * kills; `--transaction-version 1` is a cluster before KIP-890.
 */
import { parseArgs } from 'node:util';
import { clientNames, missing, runRounds } from './rounds.ts';

const { values: flags } = parseArgs({
  options: {
    rounds: { type: 'string', default: '20' },
    seed: { type: 'string' },
    clients: { type: 'string', default: clientNames.join() },
    'transaction-version': { type: 'string', default: '2' },
    keep: { type: 'boolean', default: false },
  },
});
const seed = Number(flags.seed ?? Date.now() % 1_000_000);
const wanted = flags.clients.split(',');
const clients = clientNames.filter((name) => wanted.includes(name) && missing(name) === null);
const say = (line: string): void => void process.stdout.write(`${line}\n`);

for (const name of clientNames) if (missing(name) !== null) say(`without ${name}: ${missing(name)}`);
say(`seed ${seed}, ${flags.rounds} rounds, clients: ${clients.join(', ')}`);
const violations = await runRounds({
  rounds: Number(flags.rounds),
  seed,
  clients,
  transactionVersion: Number(flags['transaction-version']),
  keep: flags.keep,
  say,
});
for (const violation of violations.slice(0, 20)) say(`FAILED ${violation}`);
say(`${flags.rounds} rounds, ${violations.length} violations`);
process.exit(violations.length === 0 ? 0 : 1);
