/**
 * Every view empty, full and without its broker; what reaches the browser, however much there is and however long names are. These hold
 * on any machine: they count elements, bytes and frames, not milliseconds.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Browser, Page } from 'playwright-core';
import { startBroker, type TestBroker } from '../../../src/testing/index.ts';
import { Clients } from '../../testing/kafkajs-clients.ts';
import { barriers, executable, openPage, startChromium } from './chromium.ts';

const VIEWS = [
  ['#/', 'Overview'],
  ['#/topics', 'Topics'],
  ['#/topics/orders', 'orders'],
  ['#/topics/orders?follow=1', 'orders'],
  ['#/groups', 'Groups'],
  ['#/groups/billing', 'billing'],
  ['#/clients', 'Clients'],
  ['#/clients/app', 'app'],
  ['#/transactions', 'Transactions'],
  ['#/storage', 'Storage'],
  ['#/settings', 'Settings'],
  ['#/journal', 'Journal'],
  ['#/traffic', 'Traffic'],
  ['#/traffic/1', '1'],
  ['#/test', 'Test'],
] as const;

async function goTo(page: Page, url: string, [address, title]: readonly [string, string]): Promise<void> {
  await page.goto(`${url}/${address}`);
  await page.getByRole('heading', { level: 1, name: title, exact: true }).waitFor();
  await page.getByText('Loading…').waitFor({ state: 'detached' });
}

/** A browser says by itself that nobody answers: that is no fault of the page. */
const unexpected = (complaints: readonly string[]): string[] =>
  complaints.filter((text) => !/ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_EMPTY_RESPONSE/.test(text));

describe.skipIf(executable === null)('states of the views', () => {
  let browser: Browser;
  beforeAll(async () => void (browser = await startChromium()));
  afterAll(() => browser?.close());

  for (const scheme of ['light', 'dark'] as const) {
    test(`empty, and then without its broker, each view keeps nobody out, ${scheme}`, async () => {
      let kafka = await startBroker({ leftovers: 'ignore' });
      try {
        const url = await kafka.openPage();
        const port = Number(new URL(url).port);
        const { page, complaints } = await openPage(browser, url, scheme);
        for (const view of VIEWS) {
          await goTo(page, url, view);
          expect({ view, found: await barriers(page) }).toEqual({ view, found: [] });
          await kafka.stop();
          await page.getByRole('status').getByText('The broker stopped answering').waitFor();
          expect({ view, without: await barriers(page) }).toEqual({ view, without: [] });
          kafka = await startBroker({ leftovers: 'ignore' });
          await kafka.openPage({ port });
          await page.getByText('The broker stopped answering').waitFor({ state: 'detached' });
        }
        expect(unexpected(complaints)).toEqual([]);
        await page.close();
      } finally {
        await kafka.stop();
      }
    }, 120_000);
  }

  test('a view that is open shows the broker that came back, and messages that it has', async () => {
    let kafka = await startBroker({ topics: ['orders'], leftovers: 'ignore' });
    try {
      await kafka.produce('orders', 'of the first');
      const url = await kafka.openPage();
      const { page, complaints } = await openPage(browser, url);
      await page.goto(`${url}/#/topics/orders`);
      await page.getByText('of the first').first().waitFor();
      await kafka.stop();
      await page.getByRole('status').getByText('The broker stopped answering').waitFor();
      expect(await page.getByText('of the first').count()).toBe(1);
      kafka = await startBroker({ topics: ['orders'], leftovers: 'ignore' });
      await kafka.produce('orders', 'of the second');
      await kafka.openPage({ port: Number(new URL(url).port) });
      await page.getByText('of the second').first().waitFor();
      expect(await page.getByText('of the first').count()).toBe(0);
      await kafka.deleteTopic('orders');
      await page.getByText("There is no topic 'orders'").waitFor();
      await kafka.createTopic('orders');
      await page.getByText('0 records searched').waitFor();
      expect(unexpected(complaints)).toEqual([]);
      await page.close();
    } finally {
      await kafka.stop();
    }
  });
});

/** A name as long as Kafka takes it, and one that only the wire limits. */
const LONG_TOPIC = `long-${'t'.repeat(244)}`;
const LONG_ID = `long-${'ü'.repeat(2000)}`;

describe.skipIf(executable === null)('much of everything', () => {
  let browser: Browser;
  let kafka: TestBroker;
  let url: string;
  const clients = new Clients();

  beforeAll(async () => {
    browser = await startChromium();
    kafka = await startBroker({ topics: [{ name: LONG_TOPIC, partitions: 500 }], leftovers: 'ignore' });
    await Promise.all(
      Array.from({ length: 300 }, (_, index) => kafka.createTopic(`topic-${index}`, { partitions: 3 })),
    );
    await kafka.produce(
      LONG_TOPIC,
      Array.from({ length: 1000 }, (_, index) => ({ value: `message ${index}`, partition: index % 500 })),
    );
    url = await kafka.openPage();
    await clients
      .producer(kafka, {}, LONG_ID)
      .then((producer) =>
        producer.send({ topic: LONG_TOPIC, messages: [{ key: LONG_ID, value: 'x', headers: { [LONG_ID]: 'y' } }] }),
      );
    for (let index = 0; index < 4; index++) await clients.consumer(kafka, `${LONG_ID}${index}`, LONG_TOPIC);
  });

  afterAll(async () => {
    await browser?.close();
    await clients[Symbol.asyncDispose]();
    await kafka?.stop();
  });

  test('no frame has more than 64 KB, no second more than four, and no view more elements than people can use', async () => {
    const { page, complaints } = await openPage(browser, url);
    const session = await page.context().newCDPSession(page);
    const frames: { bytes: number; second: number }[] = [];
    await session.send('Network.enable');
    session.on('Network.eventSourceMessageReceived', ({ data, timestamp }) => {
      frames.push({ bytes: Buffer.byteLength(data), second: Math.floor(timestamp) });
    });
    const views = [
      ...VIEWS.filter(([address]) => !/orders|billing|app/.test(address)).map(([address]) => address),
      `#/topics/${LONG_TOPIC}`,
      `#/topics/${LONG_TOPIC}?follow=1`,
      `#/groups/${encodeURIComponent(`${LONG_ID}0`)}`,
      `#/clients/${encodeURIComponent(LONG_ID)}`,
    ];
    const seen: { view: string; isLarge: boolean; isOften: boolean; isMany: boolean }[] = [];
    for (const address of views) {
      frames.length = 0;
      await page.goto(`${url}/${address}`);
      await page.getByText('Loading…').waitFor({ state: 'detached' });
      for (let index = 0; index < 20; index++) await kafka.produce(LONG_TOPIC, [{ value: 'and more', partition: 1 }]);
      await expect.poll(() => frames.length, { timeout: 10_000 }).toBeGreaterThan(0);
      const elements = await page.evaluate<number>("document.getElementsByTagName('*').length");
      const often = frames.filter(({ second }) => frames.filter((one) => one.second === second).length > 5); // it may begin late
      const isLarge = frames.some(({ bytes }) => bytes > 64 << 10);
      seen.push({ view: address.slice(0, 40), isLarge, isOften: often.length > 0, isMany: elements > 6000 });
    }
    expect(seen.filter(({ isLarge, isOften, isMany }) => isLarge || isOften || isMany)).toEqual([]);
    expect(complaints).toEqual([]);
    await page.close();
  }, 120_000);

  test('nothing moves by itself but content, and what is said aloud is said each five seconds at most', async () => {
    const { page } = await openPage(browser, url);
    await page.emulateMedia({ reducedMotion: 'reduce' });
    await page.clock.install();
    await page.goto(`${url}/#/topics/topic-1?follow=1`);
    await page.getByText('0 records searched').waitFor();
    // What is said already was said before.
    await page.evaluate(`const told = () => document.querySelector('section [role=status]').textContent;
      window.said = [{ text: told(), atMs: 0 }]; new MutationObserver(() => {
      const text = told();
      if (text !== window.said.at(-1)?.text) window.said.push({ text, atMs: Date.now() });
    }).observe(document.querySelector('section'), { subtree: true, childList: true, characterData: true })`);
    // In steps: what is said at a moment is in the document a step later.
    const stepMs = 100;
    const passes = async (ms: number): Promise<void> => {
      for (let passed = 0; passed < ms; passed += stepMs) await page.clock.runFor(stepMs);
    };
    for (let index = 1; index <= 8; index++) {
      await kafka.produce('topic-1', `number ${index}`);
      await page.getByText(`${index} came since you follow`).waitFor();
      await passes(2000);
    }
    await passes(5000);
    const said = await page.evaluate<{ text: string; atMs: number }[]>('window.said');
    expect(said.at(-1)?.text).toBe('8 messages shown');
    expect(said.length).toBeGreaterThan(1);
    const between = said.slice(1).map(({ atMs }, index) => atMs - said[index].atMs);
    expect(between.filter((ms) => ms < 5000 - 2 * stepMs)).toEqual([]);
    expect(await page.evaluate('document.getAnimations().length')).toBe(0);
    await page.close();
  });

  test('every control of every view is reached by Tab, is seen when it is, and leads on again', async () => {
    const { page } = await openPage(browser, url);
    await page.goto(`${url}/`);
    await page.getByRole('button', { name: 'Pause' }).press('Enter'); // what is counted stays
    for (const [address] of VIEWS.filter(([at]) => !/orders|billing|topics$|groups$|journal|traffic$/.test(at))) {
      await page.goto(`${url}/${address}`);
      await page.getByText('Loading…').waitFor({ state: 'detached' });
      const controls = await page.evaluate<number>(`(() => {
        document.activeElement.blur();
        const all = 'a[href], button, input, select, textarea, summary, [tabindex="0"]';
        return Array.from(document.querySelectorAll(all)).filter((one) => one.checkVisibility()).length;
      })()`);
      await page.getByRole('link', { name: 'To the content' }).focus();
      const reached = new Set<string>();
      for (let index = 0; index < controls; index++) {
        const { path, isSeen } = await page.evaluate<{ path: string; isSeen: boolean }>(`(() => {
          const one = document.activeElement;
          const all = Array.from(document.querySelectorAll('*'));
          const style = getComputedStyle(one);
          return { path: String(all.indexOf(one)), isSeen: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2 };
        })()`);
        expect({ address, path, isSeen }).toEqual({ address, path, isSeen: true });
        reached.add(path);
        await page.keyboard.press('Tab');
      }
      expect({ address, reached: reached.size }).toEqual({ address, reached: controls });
    }
    await page.close();
  }, 120_000);
});
