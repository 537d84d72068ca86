/**
 * `npm run bench:page`: what the page costs its broker and its readers, in one run with an installed Chromium (OTTLA_CHROMIUM). Words
 * after `--` choose parts: paint, viewer, topics, records, tail; `endure`, two minutes of a tail, runs only when it is named. Every
 * figure stands beside its goal and the load of the machine, and those that miss their goals are told again at the end.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser, type Page } from 'playwright-core';
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
const ENDURE_SECONDS = 120;

function isChosen(part: string): boolean {
  return words.length === 0 ? part !== 'endure' : words.includes(part);
}

/** A figure and what it is to be; `unit` as it is written behind both. */
interface Figure {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  readonly digits?: number;
  readonly atMost?: number;
  readonly atLeast?: number;
}

const missed: string[] = [];

function tell({ what, value, unit, digits = 0, atMost, atLeast }: Figure): void {
  const words = (number: number, fraction = digits): string =>
    `${number.toLocaleString('en', { minimumFractionDigits: fraction, maximumFractionDigits: fraction })} ${unit}`;
  const goal =
    atMost !== undefined
      ? `at most ${words(atMost, 0)}`
      : atLeast !== undefined
        ? `at least ${words(atLeast, 0)}`
        : '–';
  const isMet = value <= (atMost ?? Infinity) && value >= (atLeast ?? -Infinity);
  const load = loadavg()[0].toFixed(1);
  const line = `${what.padEnd(60)} ${words(value).padStart(18)}   goal ${goal.padEnd(22)} load ${load}`;
  process.stdout.write(`${line}${isMet ? '' : '   MISSED'}\n`);
  if (!isMet) missed.push(line);
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
      tell({ what: 'first paint, cold', value: ms, unit: 'ms', atMost: 500 });
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
      const ofCore = 100 * (watched - resting);
      tell({ what: 'a viewer who looks: of a core', value: ofCore, unit: '%', digits: 2, atMost: 1 });
      const moreMb = residentMb(pid) - restingMb;
      tell({ what: 'a viewer who looks: resident', value: moreMb, unit: 'MB', digits: 1, atMost: 25 });
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
      const link = page.getByRole('link', { name: 'Topics', exact: true });
      const listed = await untilShown(page, '10,000 of 10,000 topics, 1 to 100', () => link.click());
      tell({ what: '10,000 topics: the list', value: listed, unit: 'ms', atMost: 1000 });
      const search = page.getByRole('searchbox');
      const found = ['10,000', '3,439', '280', '19', '1'];
      const took: number[] = [];
      for (const key of ['9', '9', '9', '9', 'Backspace', 'Backspace', 'Backspace', 'Backspace']) {
        const typed = took.length < 4 ? took.length + 1 : 7 - took.length;
        const caption = `${found[typed]} of 10,000 topics`;
        took.push(await untilShown(page, caption, () => search.press(key)));
        await wait(200);
      }
      const slowest = took.reduce((a, b) => Math.max(a, b));
      tell({ what: '10,000 topics: a keystroke, the slowest of eight', value: slowest, unit: 'ms', atMost: 100 });
    });
  });
}

/**
 * Milliseconds from the click or the key to the frame in which a caption says `text`, by the page's own clock: whoever asks it from
 * outside looks every so often, and has no part in the figure.
 */
async function untilShown(page: Page, text: string, act: () => Promise<void>): Promise<number> {
  const shown = page.evaluate<number>(`new Promise((resolve) => {
    let begun = NaN;
    const begin = ({ timeStamp }) => (begun = Number.isNaN(begun) ? timeStamp : begun);
    for (const type of ['keydown', 'pointerdown']) addEventListener(type, begin, { capture: true, once: true });
    const painted = () => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => resolve(performance.now() - begun);
      port2.postMessage(null);
    };
    const look = () => {
      const captions = Array.from(document.querySelectorAll('caption'), ({ textContent }) => textContent);
      if (Number.isNaN(begun) || !captions.some((caption) => caption.startsWith(${JSON.stringify(text)}))) return;
      observer.disconnect();
      requestAnimationFrame(painted);
    };
    const observer = new MutationObserver(look);
    observer.observe(document, { subtree: true, childList: true, characterData: true });
  })`);
  await act();
  return shown;
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
    const offset = String(RECORDS / PARTITIONS / 2);
    for (const [what, query] of [
      ['the newest', {}],
      ['a time', { time: middleMs }],
      ['an offset', { offset }],
    ] as const) {
      const { ms } = await ask({ topic: name, ...query });
      tell({ what: `10M records: ${what}`, value: ms, unit: 'ms', atMost: 200 });
    }
    await search(pid, name, 'a word', 'nowhere-to-be-found');
    await search(pid, name, 'a field of JSON', 'json.id>200000');
  });
}

async function search(pid: number, topic: string, what: string, query: string): Promise<void> {
  await eventLoop(pid); // what came before does not count
  const cpuBefore = cpuSeconds(pid);
  const begun = performance.now();
  let searched = 0;
  for (let next: string | null = ''; next !== null && searched < RECORDS / 2;) {
    const { frame } = await ask({ topic, search: query, ...(next === '' ? {} : { next }) });
    searched += frame.searched;
    next = frame.next;
  }
  const seconds = (performance.now() - begun) / 1000;
  const cpu = cpuSeconds(pid) - cpuBefore;
  const title = `10M records: search for ${what}`;
  tell({ what: title, value: searched / seconds, unit: '/s', atLeast: 300_000 });
  tell({ what: `${title}, of its own CPU`, value: searched / cpu, unit: '/CPU s' });
  const { late, work } = await eventLoop(pid);
  tell({ what: `${title}, loop late at p99`, value: late.p99, unit: 'ms', digits: 1, atMost: 10 });
  tell({ what: `${title}, its own work at p99`, value: work.p99, unit: 'ms', digits: 1 });
}

/** What a load costs the broker. */
async function load(pid: number, topic: Topic, seconds: number): Promise<{ cpu: number; perSecond: number }> {
  const [before, begun] = [cpuSeconds(pid), performance.now()];
  const count = seconds * TAIL_RECORDS_PER_SECOND;
  await produce(topic, count, TAIL_RECORDS_PER_SECOND, TAIL_RECORDS_A_BATCH);
  return { cpu: cpuSeconds(pid) - before, perSecond: (1000 * count) / (performance.now() - begun) };
}

async function openTail(browser: Browser, { name }: Topic): Promise<Page> {
  const page = await browser.newPage();
  await page.goto(`${URL_OF_PAGE}/#/topics/${name}?follow=1`);
  await page.getByRole('heading', { level: 2, name: 'Messages' }).waitFor();
  await page.evaluate(
    "window.longTasks = []; new PerformanceObserver((list) => list.getEntries().forEach(({ duration }) => window.longTasks.push(duration))).observe({ type: 'longtask' })",
  );
  return page;
}

/** With a tail of the topic open in a browser, and without: before it and after it, for a load costs less and less for a while. */
async function tail(): Promise<void> {
  await withBroker(async ({ pid }) => {
    const topic = await createTopic(PORT, PARTITIONS);
    await load(pid, topic, TAIL_SECONDS);
    const before = await load(pid, topic, TAIL_SECONDS);
    const watched = await withBrowser(async (browser) => {
      const page = await openTail(browser, topic);
      const { cpu, perSecond } = await load(pid, topic, TAIL_SECONDS);
      return { cpu, perSecond, longest: await page.evaluate<number>('Math.max(0, ...window.longTasks)') };
    });
    const after = await load(pid, topic, TAIL_SECONDS);
    const alone = (before.cpu + after.cpu) / 2;
    const least = TAIL_RECORDS_PER_SECOND * 0.99;
    for (const [what, { perSecond }] of [
      ['before', before],
      ['with a tail', watched],
      ['after', after],
    ] as const) {
      tell({ what: `100,000 records/s: ${what}`, value: perSecond, unit: '/s', atLeast: least });
    }
    const more = (100 * (watched.cpu - alone)) / alone;
    const title = '100,000 records/s with a tail open';
    tell({ what: `${title}: CPU of the broker, more`, value: more, unit: '%', digits: 1, atMost: 10 });
    tell({ what: `${title}: longest task`, value: watched.longest, unit: 'ms', atMost: 100 });
  });
}

/** A tail for two minutes: what it keeps in the middle and at the end. */
async function endure(): Promise<void> {
  await withBroker(({ pid }) =>
    withBrowser(async (browser) => {
      const topic = await createTopic(PORT, PARTITIONS, {
        'retention.bytes': '100000000',
        'segment.bytes': '50000000',
      });
      const page = await openTail(browser, topic);
      const session = await page.context().newCDPSession(page);
      const used = async (): Promise<number> => {
        await session.send('HeapProfiler.collectGarbage');
        const { usedSize } = await session.send('Runtime.getHeapUsage');
        return usedSize / 1e6;
      };
      const look = async (): Promise<{ page: number; broker: number; nodes: number }> => ({
        page: await used(),
        broker: residentMb(pid),
        nodes: await page.evaluate<number>("document.getElementsByTagName('*').length"),
      });
      await load(pid, topic, ENDURE_SECONDS / 2);
      const middle = await look();
      await load(pid, topic, ENDURE_SECONDS / 2);
      const end = await look();
      const title = '100,000 records/s, two minutes of a tail';
      tell({
        what: `${title}: heap of the page, more`,
        value: end.page - middle.page,
        unit: 'MB',
        digits: 1,
        atMost: 5,
      });
      tell({
        what: `${title}: the broker, more`,
        value: end.broker - middle.broker,
        unit: 'MB',
        digits: 1,
        atMost: 25,
      });
      tell({ what: `${title}: elements`, value: end.nodes, unit: '', atMost: 5000 });
      const longest = await page.evaluate<number>('Math.max(0, ...window.longTasks)');
      tell({ what: `${title}: longest task`, value: longest, unit: 'ms', atMost: 100 });
    }),
  );
}

if (executable === null) {
  process.stderr.write('no Chromium: install one, or name it in OTTLA_CHROMIUM\n');
  process.exitCode = 1;
} else {
  process.stdout.write(`on ${availableParallelism()} cores; the goals are for 2 of them, with nothing else at work\n`);
  const parts = { paint, viewer, topics, records, tail, endure };
  for (const [name, part] of Object.entries(parts)) if (isChosen(name)) await part();
  process.stdout.write(missed.length === 0 ? 'every goal is met\n' : `missed:\n${missed.join('\n')}\n`);
}
