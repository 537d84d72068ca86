/** Pictures of all views, light and dark, as docs/page.md shows them: `npm run pictures` has them made anew. */
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Browser } from 'playwright-core';
import { startBroker, type TestBroker } from '../../../src/testing/index.ts';
import { Clients } from '../../testing/kafkajs-clients.ts';
import { executable, openPage, startChromium } from './chromium.ts';

const LARGEST_BYTES = 60_000;

const VIEWS = [
  ['overview', '#/', 'Overview'],
  ['topics', '#/topics', 'Topics'],
  ['topic', '#/topics/orders', 'orders'],
  ['groups', '#/groups', 'Groups'],
  ['group', '#/groups/billing', 'billing'],
  ['clients', '#/clients', 'Clients'],
  ['transactions', '#/transactions', 'Transactions'],
  ['storage', '#/storage', 'Storage'],
  ['settings', '#/settings', 'Settings'],
  ['journal', '#/journal', 'Journal'],
  ['traffic', '#/traffic', 'Traffic'],
  ['test', '#/test', 'Test'],
] as const;
const SCHEMES = ['light', 'dark'] as const;

test('docs/page.md shows every view, light and dark, in small files', () => {
  const text = readFileSync('docs/page.md', 'utf8');
  for (const [name] of VIEWS) {
    for (const scheme of SCHEMES) {
      const path = `page/${name}-${scheme}.webp`;
      expect(text).toContain(path);
      expect({ path, isThere: existsSync(join('docs', path)) }).toEqual({ path, isThere: true });
      expect(statSync(join('docs', path)).size).toBeLessThanOrEqual(LARGEST_BYTES);
    }
  }
});

const { OTTLA_PICTURES: folder = '' } = process.env;

describe.skipIf(executable === null || folder === '')('pictures', () => {
  let browser: Browser;
  let kafka: TestBroker;
  let url: string;
  const clients = new Clients();

  beforeAll(async () => {
    browser = await startChromium();
    kafka = await startBroker({
      topics: [{ name: 'orders', partitions: 3 }, { name: 'invoices', partitions: 2 }, 'payments'],
      settings: { 'num.partitions': 3, 'group.initial.rebalance.delay.ms': 0 },
      leftovers: 'ignore',
    });
    url = await kafka.openPage();
    await fetch(`${url}/view/journal?once`); // it begins here
    await kafka.createTopic('audit', { configs: { 'cleanup.policy': 'compact' } });
    const began = Date.now() - 1000;
    const order = (id: number) => ({
      key: `customer-${id % 7}`,
      value: { id, total: 12.5 * (1 + (id % 5)), lines: [{ sku: `A-${id}`, count: 1 + (id % 3) }] },
      headers: { trace: `4bf92f35${id}` },
      timestamp: began + id,
    });
    await kafka.produce(
      'orders',
      Array.from({ length: 240 }, (_, index) => order(index)),
    );
    await clients.consumer(kafka, 'billing', 'orders');
    await kafka.waitForLag('billing', 0);
    await clients.consumer(kafka, 'mailer', 'invoices');
    const producer = await clients.producer(kafka, { transactionalId: 'payments-1', maxInFlightRequests: 1 });
    const transaction = await producer.transaction();
    await transaction.send({ topic: 'payments', messages: [{ key: 'p-1', value: '{"amount": 99}' }] });
    await kafka.produce('orders', order(999));
    kafka.faults.on('Produce', { topic: 'invoices' }).reply('NOT_LEADER_OR_FOLLOWER').times(2);
    kafka.waitForMessages('invoices', 3, { timeout: '10m' }).catch(() => {});
  });

  afterAll(async () => {
    await browser?.close();
    await clients[Symbol.asyncDispose]();
    await kafka?.stop();
  });

  for (const scheme of SCHEMES) {
    test(`of all views, ${scheme}`, async () => {
      const { page } = await openPage(browser, url, scheme);
      await page.setViewportSize({ width: 960, height: 620 });
      const session = await page.context().newCDPSession(page);
      mkdirSync(folder, { recursive: true });
      for (const [name, address, title] of VIEWS) {
        await page.goto(`${url}/${address}`);
        await page.getByRole('heading', { level: 1, name: title, exact: true }).waitFor();
        await page.getByText('Loading…').waitFor({ state: 'detached' });
        await page.getByText('Searching, ').first().waitFor({ state: 'detached' });
        let bytes = Buffer.alloc(0);
        for (const quality of [50, 30, 15]) {
          const taken = await session.send('Page.captureScreenshot', { format: 'webp', quality });
          bytes = Buffer.from(taken.data, 'base64');
          if (bytes.length <= LARGEST_BYTES) break;
        }
        expect({ name, isSmall: bytes.length <= LARGEST_BYTES }).toEqual({ name, isSmall: true });
        writeFileSync(join(folder, `${name}-${scheme}.webp`), bytes);
      }
      await page.close();
    });
  }
});
