/**
 * The long way: `npm run test:transactions-sim -- --seeds 5000 --first 1`. Prints each seed whose story shows a fault. A story takes about
 * a second of one core; `--jobs 8` tells them in eight processes. TRANSACTIONS_SEED=n tells the story of that seed alone, with all that its
 * processes have said. `--share` tells the stories of a share group. `--mutants 200` says instead which seed catches each mutant.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { mutants } from './mutants.ts';
import { optionsOf, tellTransactions } from './transactions-story.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '500' },
    first: { type: 'string' },
    jobs: { type: 'string', default: '1' },
    mutants: { type: 'string' },
    share: { type: 'boolean', default: false },
    name: { type: 'string', default: '' },
  },
});
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const only = process.env.TRANSACTIONS_SEED;
const firstSeed = Number(only ?? values.first ?? Date.now() % 1_000_000);
if (values.mutants !== undefined && !values.share) await catchMutants(Number(values.mutants));
else if (Number(values.jobs) > 1 && only === undefined) await tellInProcesses(Number(values.jobs));
else if (values.share) await tellShareSeeds();
else await tellSeeds();
process.exit(process.exitCode ?? 0);

async function tellSeeds(): Promise<void> {
  const first = firstSeed;
  const count = only === undefined ? Number(values.seeds) : 1;
  const startedMs = performance.now();
  let [failed, copied, instances, commits, elections] = [0, 0, 0, 0, 0];
  for (let seed = first; seed < first + count; seed++) {
    const outcome = await tellTransactions(seed, optionsOf(seed));
    copied += outcome.values;
    instances += outcome.instances;
    commits += outcome.commits;
    elections += outcome.elections;
    if (only !== undefined) say(outcome.logged.join('\n'));
    if (outcome.wrong.length === 0) continue;
    failed++;
    say(`TRANSACTIONS_SEED=${seed}\n  ${outcome.wrong.slice(0, 5).join('\n  ')}`);
  }
  const seconds = Math.round((performance.now() - startedMs) / 1000);
  say(
    `${count} seeds from ${first}: ${copied} values copied by ${instances} instances, ${commits} commits, ` +
      `${elections} elections of coordinators, ${failed} seeds with faults, ${seconds} s`,
  );
  if (failed > 0) process.exitCode = 1;
}

/** Each has seeds of its own, and says what comes of them. */
async function tellInProcesses(jobs: number): Promise<void> {
  const end = firstSeed + Number(values.seeds);
  const share = Math.ceil((end - firstSeed) / jobs);
  const ended: Promise<unknown[]>[] = [];
  for (let first = firstSeed; first < end; first += share) {
    const args = ['--first', first, '--seeds', Math.min(share, end - first)].map(String);
    if (values.share) args.push('--share');
    ended.push(once(spawn(process.execPath, [process.argv[1], ...args], { stdio: 'inherit' }), 'exit'));
  }
  for (const [code] of await Promise.all(ended)) if (code !== 0) process.exitCode = 1;
}

async function tellShareSeeds(): Promise<void> {
  const { tellShareGroup } = await import('./share-story.ts');
  const first = firstSeed;
  const count = only === undefined ? Number(values.seeds) : 1;
  let [failed, delivered] = [0, 0];
  for (let seed = first; seed < first + count; seed++) {
    const { wrong, deliveries, logged } = await tellShareGroup(seed);
    delivered += deliveries;
    if (only !== undefined) say(logged.join('\n'));
    if (wrong.length === 0) continue;
    failed++;
    say(`TRANSACTIONS_SEED=${seed}\n  ${wrong.slice(0, 5).join('\n  ')}`);
  }
  say(`${count} seeds of a share group from ${first}: ${delivered} records delivered, ${failed} seeds with faults`);
  if (failed > 0) process.exitCode = 1;
}

async function catchMutants(most: number): Promise<void> {
  for (const mutant of mutants) {
    const { name } = mutant;
    if (!name.includes(values.name)) continue;
    const undo = mutant.apply();
    let [seed, wrong] = [0, [] as readonly string[]];
    while (wrong.length === 0 && seed < most) ({ wrong } = await tellTransactions(++seed, optionsOf(seed)));
    undo();
    say(`${name}: ${wrong.length === 0 ? `not in ${seed} seeds` : `seed ${seed}: ${wrong[0].slice(0, 200)}`}`);
  }
}
