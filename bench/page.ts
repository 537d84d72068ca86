/**
 * `npm run bench:page`: what the page costs its broker and its readers, in one run with an installed Chromium (OTTLA_CHROMIUM). Words
 * after `--` choose parts: paint, viewer, topics, records, tail. Every figure stands beside the goal that it is measured by.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser } from 'playwright-core';
import { CreateTopics, Produce } from '../protocol/apis/index.ts';
import { connect, type Client } from '../protocol/client.ts';
import type { RecordsFrame } from '../src/page/frames.ts';
import { executable } from '../test/page/browser/chromium.ts';
import { startOttla, type BrokerUnderLoad } from './brokers.ts';
import { batchOf } from './frames.ts';
import { cpuSeconds, residentMb } from './process-usage.ts';
import { createTopic, type Topic } from './topics.ts';

const words = process.argv.slice(2);
const PORT = 21_680;
const PAGE_PORT = 21_681;
const URL_OF_PAGE = `http://localhost:${PAGE_PORT}`;
const TOPICS = 10_000;
const RECORDS = 10_000_000;
const RECORDS_A_BATCH = 1000;
/** As a producer in Java sends them, of 100 bytes. */
const TAIL_RECORDS_A_BATCH = 140;
const PARTITIONS = 4;
/** With its key and framing a record is about 100 bytes. */
const VALUE_BYTES = 90;
const TAIL_RECORDS_PER_SECOND = 100_000;
const TAIL_SECONDS = 15;
const WATCH_SECONDS = 20;

function isChosen(part: string): boolean {
  return words.length === 0 || words.includes(part);
}

function tell(what: string, measured: string, goal: string): void {
  const load = loadavg()[0].toFixed(1);
  process.stdout.write(`${what.padEnd(58)} ${measured.padStart(16)}   goal ${goal.padEnd(22)} load ${load}\n`);
}

/** What the broker has written since it was last looked at. */
let output = '';

/** How late the broker's event loop was since it was last asked, and how long its own work held it up; milliseconds, by event-loop.cjs. */
async function eventLoop(pid: number): Promise<{ late: { p99: number }; work: { p99: number } }> {
  output = '';
  process.kill(pid, 'SIGUSR2');
  for (;;) {
    const line = /^event-loop (.*)$/m.exec(output);
    if (line !== null) return JSON.parse(line[1]) as { late: { p99: number }; work: { p99: number } };
    await wait(20);
  }
}

async function withBroker(task: (broker: BrokerUnderLoad) => Promise<void>): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'ottla-page-'));
  process.env['OTTLA_PAGE_PORT'] = String(PAGE_PORT);
  process.env['OTTLA_NODE_FLAGS'] = `--require ${fileURLToPath(new URL('event-loop.cjs', import.meta.url))}`;
  const settings = ['log.retention.ms=-1', 'auto.create.topics.enable=false'];
  const broker = await startOttla(dir, PORT, settings, (text) => (output += text));
  try {
    await task(broker);
  } finally {
    await broker.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

async function withBrowser<T>(task: (browser: Browser) => Promise<T>): Promise<T> {
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const browser = await chromium.launch({ executablePath: executable!, args });
  try {
    return await task(browser);
  } finally {
    await browser.close();
  }
}

/** From the address to the first thing seen, of a page that nobody has opened before. */
async function paint(): Promise<void> {
  await withBroker(() =>
    withBrowser(async (browser) => {
      const page = await browser.newPage();
      await page.goto(`${URL_OF_PAGE}/`);
      await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
      const ms = await page.evaluate<number>(
        "performance.getEntriesByType('paint').find(({ name }) => name === 'first-contentful-paint').startTime",
      );
      tell('first paint, cold', `${ms.toFixed(0)} ms`, 'at most 500 ms');
    }),
  );
}

/** One who opens the overview and looks. */
async function viewer(): Promise<void> {
  await withBroker(async ({ pid }) => {
    await fillTopics(100);
    await wait(2000);
    const [restingMb, restingCpu] = [residentMb(pid), cpuSeconds(pid)];
    await wait(WATCH_SECONDS * 1000);
    const resting = (cpuSeconds(pid) - restingCpu) / WATCH_SECONDS;
    await withBrowser(async (browser) => {
      const page = await browser.newPage();
      await page.goto(`${URL_OF_PAGE}/`);
      await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
      await wait(3000); // the server of the page is loaded by then
      const before = cpuSeconds(pid);
      await wait(WATCH_SECONDS * 1000);
      const watched = (cpuSeconds(pid) - before) / WATCH_SECONDS;
      tell('a viewer who looks: of a core', `${(100 * (watched - resting)).toFixed(2)} %`, 'at most 1 %');
      tell('a viewer who looks: resident', `${(residentMb(pid) - restingMb).toFixed(1)} MB`, 'at most 25 MB');
    });
  });
}

async function client(): Promise<Client> {
  return connect({ host: '127.0.0.1', port: PORT });
}

async function fillTopics(count: number): Promise<void> {
  const connection = await client();
  for (let from = 0; from < count; from += 500) {
    const topics = Array.from({ length: Math.min(500, count - from) }, (_, index) => ({
      name: `topic-${from + index}`,
      numPartitions: 1,
      replicationFactor: 1,
      assignments: [],
      configs: [],
    }));
    await connection.send(CreateTopics, CreateTopics.versions.last, { topics, timeoutMs: 60_000 });
  }
  await connection.close();
}

async function topics(): Promise<void> {
  await withBroker(async () => {
    await fillTopics(TOPICS);
    await withBrowser(async (browser) => {
      const page = await browser.newPage();
      await page.goto(`${URL_OF_PAGE}/`);
      await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
      const begun = performance.now();
      await page.getByRole('link', { name: 'Topics', exact: true }).click();
      await page.getByText('10,000 of 10,000 topics, 1 to 100').waitFor();
      tell('10,000 topics: the list', `${(performance.now() - begun).toFixed(0)} ms`, 'at most 1,000 ms');
      const search = page.getByRole('searchbox');
      const took: number[] = [];
      for (const [text, found] of [
        ['9', '3,439 of'],
        ['99', '280 of'],
        ['999', '19 of'],
        ['9999', '1 of'],
      ]) {
        const typed = performance.now();
        await search.fill(text);
        await page.getByText(`${found} 10,000 topics`).waitFor();
        took.push(performance.now() - typed);
      }
      const slowest = Math.max(...took);
      tell('10,000 topics: a keystroke, the slowest of four', `${slowest.toFixed(0)} ms`, 'at most 100 ms');
    });
  });
}

async function produce(topic: Topic, count: number, perSecond = Infinity, batch = RECORDS_A_BATCH): Promise<void> {
  const connection = await client();
  const records = batchOf({ records: batch, valueBytes: VALUE_BYTES });
  const begun = performance.now();
  for (let sent = 0, index = 0; sent < count; sent += batch, index = (index + 1) % topic.partitions) {
    const topicData = [{ topicId: topic.topicId, partitionData: [{ index, records }] }];
    await connection.send(Produce, 13, { acks: 1, timeoutMs: 30_000, topicData });
    const dueMs = begun + (1000 * sent) / perSecond - performance.now();
    if (dueMs > 0) await wait(dueMs);
  }
  await connection.close();
}

async function ask(query: Record<string, string>): Promise<{ frame: RecordsFrame; ms: number }> {
  const begun = performance.now();
  const answer = await fetch(`${URL_OF_PAGE}/records?${new URLSearchParams(query).toString()}`);
  return { frame: (await answer.json()) as RecordsFrame, ms: performance.now() - begun };
}

async function records(): Promise<void> {
  await withBroker(async ({ pid }) => {
    const topic = await createTopic(PORT, PARTITIONS, { 'message.timestamp.type': 'LogAppendTime' });
    const begunMs = Date.now();
    await produce(topic, RECORDS);
    const middleMs = String(Math.round((begunMs + Date.now()) / 2));
    const { name } = topic;
    await ask({ topic: name }); // the first loads the server of the page
    tell('10M records: the newest', `${(await ask({ topic: name })).ms.toFixed(0)} ms`, 'at most 200 ms');
    tell('10M records: a time', `${(await ask({ topic: name, time: middleMs })).ms.toFixed(0)} ms`, 'at most 200 ms');
    const offset = String(RECORDS / PARTITIONS / 2);
    tell('10M records: an offset', `${(await ask({ topic: name, offset })).ms.toFixed(0)} ms`, 'at most 200 ms');
    for (const [what, search] of [
      ['a word', 'nowhere-to-be-found'],
      ['a field of JSON', 'json.id>200000'],
    ]) {
      await eventLoop(pid); // what came before does not count
      const cpuBefore = cpuSeconds(pid);
      const begun = performance.now();
      let searched = 0;
      for (let next: string | null = ''; next !== null && searched < RECORDS / 2;) {
        const { frame } = await ask({ topic: name, search, ...(next === '' ? {} : { next }) });
        searched += frame.searched;
        next = frame.next;
      }
      const seconds = (performance.now() - begun) / 1000;
      const perSecond = Math.round(searched / seconds).toLocaleString('en');
      const perCpu = Math.round(searched / (cpuSeconds(pid) - cpuBefore)).toLocaleString('en');
      tell(`10M records: search for ${what}`, `${perSecond} /s`, 'at least 300,000 /s');
      tell(`10M records: search for ${what}, of its own CPU`, `${perCpu} /CPU s`, '–');
      const { late, work } = await eventLoop(pid);
      tell(`10M records: search for ${what}, loop late at p99`, `${late.p99.toFixed(1)} ms`, 'at most 10 ms');
      tell(`10M records: search for ${what}, its own work at p99`, `${work.p99.toFixed(1)} ms`, '–');
    }
  });
}

/** With a tail of the topic open in a browser, and without. */
async function tail(): Promise<void> {
  await withBroker(async ({ pid }) => {
    const topic = await createTopic(PORT, PARTITIONS);
    const load = async (): Promise<{ cpu: number; perSecond: number }> => {
      const [before, begun] = [cpuSeconds(pid), performance.now()];
      const count = TAIL_SECONDS * TAIL_RECORDS_PER_SECOND;
      await produce(topic, count, TAIL_RECORDS_PER_SECOND, TAIL_RECORDS_A_BATCH);
      return { cpu: cpuSeconds(pid) - before, perSecond: (1000 * count) / (performance.now() - begun) };
    };
    await produce(topic, 1_000_000);
    const alone = await load();
    await withBrowser(async (browser) => {
      const page = await browser.newPage();
      await page.goto(`${URL_OF_PAGE}/#/topics/${topic.name}?follow=1`);
      await page.getByRole('heading', { level: 2, name: 'Messages' }).waitFor();
      await page.evaluate(
        "window.longTasks = []; new PerformanceObserver((list) => list.getEntries().forEach(({ duration }) => window.longTasks.push(duration))).observe({ type: 'longtask' })",
      );
      const watched = await load();
      const longest = await page.evaluate<number>('Math.max(0, ...window.longTasks)');
      const more = (100 * (watched.cpu - alone.cpu)) / alone.cpu;
      const shown = `${more < 0 ? '' : '+'}${more.toFixed(1)} %`;
      const rates = [alone, watched].map(({ perSecond }) => Math.round(perSecond).toLocaleString('en')).join(', ');
      tell('100,000 records/s without and with a tail: records/s', rates, '100,000');
      tell('100,000 records/s with a tail open: CPU of the broker', shown, 'at most +10 %');
      tell('100,000 records/s with a tail open: longest task', `${longest.toFixed(0)} ms`, 'at most 100 ms');
    });
  });
}

if (executable === null) {
  process.stderr.write('no Chromium: install one, or name it in OTTLA_CHROMIUM\n');
  process.exitCode = 1;
} else {
  for (const [name, part] of Object.entries({ paint, viewer, topics, records, tail })) if (isChosen(name)) await part();
}
