/**
 * `npm run test:exactly-once -- --rounds 50`: consume-transform-produce by real clients, each in its own topics, on a broker
 * that is killed with SIGKILL every other second; with `--cluster` on three brokers of a cluster, any of which is killed.
 * `--clients kafkajs,java` picks; `--seed` repeats the moments of the kills; `--transaction-version 1` is a cluster before KIP-890.
 */
import { parseArgs } from 'node:util';
import { clientNames, missing, runRounds } from './rounds.ts';

const { values: flags } = parseArgs({
  options: {
    rounds: { type: 'string', default: '20' },
    seed: { type: 'string' },
    clients: { type: 'string', default: clientNames.join() },
    'transaction-version': { type: 'string', default: '2' },
    cluster: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
  },
});
const seed = Number(flags.seed ?? Date.now() % 1_000_000);
const wanted = flags.clients.split(',');
const clients = clientNames.filter((name) => wanted.includes(name) && missing(name, flags.cluster) === null);
const say = (line: string): void => void process.stdout.write(`${line}\n`);

for (const name of clientNames) {
  const why = missing(name, flags.cluster);
  if (why !== null) say(`without ${name}: ${why}`);
}
say(`seed ${seed}, ${flags.rounds} rounds, clients: ${clients.join(', ')}`);
const violations = await runRounds({
  rounds: Number(flags.rounds),
  seed,
  clients,
  transactionVersion: Number(flags['transaction-version']),
  isCluster: flags.cluster,
  keep: flags.keep,
  say,
});
for (const violation of violations.slice(0, 20)) say(`FAILED ${violation}`);
say(`${flags.rounds} rounds, ${violations.length} violations`);
process.exit(violations.length === 0 ? 0 : 1);
