/**
 * The compatibility suite: the same cases on Apache Kafka and on Ottla, through clients that know neither.
 *
 *     npm run test:compat                              # all; prints the table and writes docs/compatibility.md
 *     npm run test:compat -- --only kafkajs,franz-go   # some; the page keeps what the others found last
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { apacheKafka, NoKafka } from './brokers/kafka.ts';
import { ottla } from './brokers/ottla.ts';
import type { Peer } from './brokers/peer.ts';
import { securedPeers } from './brokers/secured.ts';
import { differentialRun } from './differential-run.ts';
import { warmUp } from './differential/warm-up.ts';
import { page, type Run } from './page.ts';
import { published } from './published/index.ts';
import { keep, lastDifferential, lastVerdict } from './results.ts';
import { suites } from './suites/index.ts';
import { Missing, outcomes, type Suite } from './suites/suite.ts';
import { aligned, failures, noCases, rows, skips, verdict, type Verdict } from './table.ts';

const PAGE = fileURLToPath(new URL('../docs/compatibility.md', import.meta.url));

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { only: { type: 'string' } } });
  const names = ['differential', ...suites.map(({ name }) => name), ...published.map(({ name }) => name)];
  const only = values.only?.split(',') ?? names;
  const unknown = only.filter((name) => !names.includes(name));
  if (unknown.length > 0) {
    say(`There is no ${unknown.join(', ')}. There are ${names.join(', ')}.`);
    return 2;
  }
  const data = mkdtempSync(join(tmpdir(), 'compat-'));
  const peers: Peer[] = [];
  const start = async (pair: Promise<Peer[]>): Promise<Peer[]> => {
    const started = await pair;
    peers.push(...started);
    say(started.map(({ title }) => title).join(' and '));
    await Promise.all(started.map(({ bootstrap }) => warmUp(bootstrap)));
    return started;
  };
  try {
    const isWanted = ({ name }: { name: string }): boolean => only.includes(name);
    const signedIn = published.filter((suite) => isWanted(suite) && suite.signsIn);
    const others = published.filter((suite) => isWanted(suite) && !suite.signsIn);
    const [kafka, own] = only.length > signedIn.length ? await start(bothOf(join(data, 'plain'))) : [];
    const secured = signedIn.length > 0 ? await start(securedPeers(join(data, 'secured'))) : [];
    const run: Run = {
      kafka: kafka ?? secured[0],
      ottla: own ?? secured[1],
      clients: await both(suites.filter(isWanted), kafka, own),
      published: [...(await both(others, kafka, own)), ...(await both(signedIn, secured[0], secured[1]))],
      differential: only.includes('differential') ? await differentialRun(kafka, own) : null,
    };
    if (run.differential !== null) keep('differential', run.differential);
    return report(run);
  } catch (error) {
    if (!(error instanceof NoKafka)) throw error;
    say(error.message);
    return 2;
  } finally {
    await Promise.all(peers.map((peer) => peer.stop()));
    rmSync(data, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function bothOf(directory: string): Promise<Peer[]> {
  const kafka = await apacheKafka(join(directory, 'kafka'));
  return [kafka, await ottla(join(directory, 'ottla'))];
}

/** One suite after the other, as some clients list all topics and others make and delete them; each on both brokers at once. */
async function both(wanted: readonly Suite[], kafka: Peer, own: Peer): Promise<Verdict[]> {
  const found: Verdict[] = [];
  for (const suite of wanted) {
    const startedMs = Date.now();
    const each = await one(suite, kafka, own);
    keep(suite.name, each);
    found.push(each);
    const took = `${Math.round((Date.now() - startedMs) / 1000)} s`;
    say(
      each.skipped === null ? `${each.title}: ${rows([each])[1].at(-1)} (${took})` : `${each.title}: ${each.skipped}`,
    );
  }
  return found;
}

async function one(suite: Suite, kafka: Peer, own: Peer): Promise<Verdict> {
  try {
    const ready = await suite.prepare();
    const ask = () => {
      const run = `c${Date.now().toString(36)}`;
      return Promise.all(
        [kafka, own].map(async ({ bootstrap, signIn }) =>
          outcomes(await ready.run(bootstrap, run, signIn), bootstrap, run),
        ),
      );
    };
    let told = await ask();
    // Ended early on Kafka: without what it says there, there is nothing to compare with.
    if (told[0].size < told[1].size) told = await ask();
    return verdict(ready.title, told[0], told[1]);
  } catch (error) {
    if (!(error instanceof Missing)) say(`${suite.name}: ${String(error)}`);
    const why = error instanceof Error ? error.message.split('\n')[0] : String(error);
    return { title: suite.name, skipped: why, cases: [] };
  }
}

function report(run: Run): number {
  const all = [...run.clients, ...run.published];
  const failed = failures(all);
  say(`\nPassed on Apache Kafka / passed on Ottla\n\n${aligned(rows(run.clients))}`);
  if (run.published.length > 0) say(`\nClients' own suites\n\n${aligned(rows(run.published).map(ends))}`);
  if (run.differential !== null) say(`\nDifferential: ${run.differential.passed} of ${run.differential.cases} cases`);
  const skipped = skips(all);
  if (skipped.length > 0) say(`\nSkipped:\n${skipped.join('\n')}`);
  if (failed.length > 0) say(`\nFails on Ottla alone:\n${failed.join('\n')}`);
  const neither = noCases(all);
  if (neither.length > 0) say(`\nNo cases, as Apache Kafka fails them:\n${neither.join('\n')}`);
  writeFileSync(PAGE, page(whole(run)));
  const isGreen = failed.length === 0 && (run.differential === null || run.differential.failed.length === 0);
  return isGreen ? 0 : 1;
}

/** With what the suites that did not run now have found before. */
function whole(run: Run): Run {
  return {
    ...run,
    clients: suites.map(({ name }) => lastVerdict(name)),
    published: published.map(({ name }) => lastVerdict(name)),
    differential: lastDifferential(),
  };
}

/** The first and the last column. */
function ends(row: readonly string[]): string[] {
  return [row[0], row.at(-1)!];
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

process.exitCode = await main();
