/** The page in a real browser: found by role and name, as people who cannot see it find it. */
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Browser } from 'playwright-core';
import { startBroker, type TestBroker } from '../../../src/testing/index.ts';
import { Clients } from '../../testing/kafkajs-clients.ts';
import { barriers, executable, openPage, startChromium } from './chromium.ts';

const VIEWS = [
  ['#/', 'Overview'],
  ['#/topics', 'Topics'],
  ['#/topics/orders', 'orders'],
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

if (executable === null)
  process.stderr.write('no Chromium: install one, or name it in OTTLA_CHROMIUM; these tests are skipped\n');

describe.skipIf(executable === null)('the page in a browser', () => {
  let browser: Browser;
  let kafka: TestBroker;
  let url: string;

  beforeAll(async () => {
    browser = await startChromium();
    kafka = await startBroker({ topics: [{ name: 'orders', partitions: 2 }, 'empty'], leftovers: 'ignore' });
    url = await kafka.openPage();
    await kafka.produce('orders', [
      { key: 'a', value: '{"id": 9007199254740993, "total": 12}', partition: 0 },
      { key: 'b', value: '</script><img src=x onerror="document.title=\'bad\'">', partition: 1 },
      { key: null, value: null, partition: 0 },
    ]);
  });

  afterAll(async () => {
    await browser?.close();
    await kafka?.stop();
  });

  for (const scheme of ['light', 'dark'] as const) {
    test(`every view says what it is, and keeps nobody out, ${scheme}`, async () => {
      await using clients = new Clients();
      await clients.consumer(kafka, 'billing', 'orders');
      await kafka.waitForLag('billing', 0);
      const { page, complaints } = await openPage(browser, url, scheme);
      for (const [address, title] of VIEWS) {
        await page.goto(`${url}/${address}`);
        await page.getByRole('heading', { level: 1, name: title, exact: true }).waitFor();
        await expect.poll(() => page.getByText('Loading…').count()).toBe(0);
        expect({ title, found: await barriers(page) }).toEqual({ title, found: [] });
      }
      expect(complaints).toEqual([]);
      await page.close();
    }, 120_000);
  }

  test('a narrow window scrolls one way only', async () => {
    const { page } = await openPage(browser, url);
    await page.setViewportSize({ width: 320, height: 640 });
    for (const [address, title] of VIEWS) {
      await page.goto(`${url}/${address}`);
      await page.getByRole('heading', { level: 1, name: title, exact: true }).waitFor();
      const wide = await page.evaluate<number>('document.documentElement.scrollWidth');
      expect({ title, isWide: wide > 320 }).toEqual({ title, isWide: false });
    }
    await page.close();
  });

  test('a record is found by a field of its JSON, its number as it was written; a wrong search is marked', async () => {
    const { page, complaints } = await openPage(browser, url);
    await page.goto(`${url}/#/topics/orders`);
    await page.getByRole('searchbox').fill('json.total > 10');
    await page.getByRole('button', { name: 'Search' }).click();
    await page.getByText('3 records searched, 1 shown').waitFor();
    await page.getByText('9007199254740993').first().click();
    await page.getByText('orders[0] at offset 0').waitFor();
    await page.getByRole('searchbox').fill('keyy:1');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').getByText("At character 1 of the search: there is no field 'keyy'").waitFor();
    expect(complaints.filter((text) => !text.includes('400'))).toEqual([]);
    await page.close();
  });

  test('what a message says is text, whatever it says', async () => {
    const { page, complaints } = await openPage(browser, url);
    await page.goto(`${url}/#/topics/orders`);
    await page.getByText('</script><img src=x').first().waitFor();
    expect(await page.locator('img').count()).toBe(0);
    expect(await page.title()).toBe('orders – Ottla');
    expect(complaints).toEqual([]);
    await page.close();
  });

  test('what comes is shown without a reload', async () => {
    const { page } = await openPage(browser, url);
    await page.goto(`${url}/#/topics/empty?follow=1`);
    await page.getByText('0 records searched').waitFor();
    await kafka.produce('empty', 'here I am');
    await page.getByText('here I am').first().waitFor();
    expect(await page.getByText('1 records searched, 1 shown').count()).toBe(1);
    await page.close();
  });

  test('the keyboard reaches the content, and a new view is told by its heading', async () => {
    const { page } = await openPage(browser, url);
    await page.goto(`${url}/`);
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
    await page.keyboard.press('Tab');
    await page.getByRole('link', { name: 'To the content' }).press('Enter');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Overview');
    await page.getByRole('link', { name: 'Topics', exact: true }).press('Enter');
    await page.getByRole('heading', { level: 1, name: 'Topics' }).waitFor();
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Topics');
    await page.close();
  });

  test('when the broker ends the page says so and keeps what it saw; it goes on when it is back', async () => {
    await using first = await startBroker({ topics: ['orders'], leftovers: 'ignore' });
    const place = await first.openPage();
    const { page } = await openPage(browser, place);
    await page.goto(`${place}/#/topics`);
    await page.getByRole('link', { name: 'orders' }).waitFor();
    await first.stop();
    await page.getByRole('status').getByText('The broker stopped answering').waitFor();
    expect(await page.getByRole('link', { name: 'orders' }).count()).toBe(1);
    await using second = await startBroker({ topics: ['payments'], leftovers: 'ignore' });
    await second.openPage({ port: Number(new URL(place).port) });
    await page.getByRole('link', { name: 'payments' }).waitFor();
    expect(await page.getByText('The broker stopped answering').count()).toBe(0);
    await page.close();
  });

  test('five questions are two clicks from the overview', async () => {
    await using clients = new Clients();
    const producer = await clients.producer(kafka, {}, 'shop');
    await producer.send({ topic: 'orders', messages: [{ value: 'sold' }] });
    await clients.consumer(kafka, 'readers', 'orders');
    await kafka.waitForLag('readers', 0);
    const { page } = await openPage(browser, url);
    const answers = [
      ['Why does my consumer get nothing?', 'readers', 'The group has read all that there is'],
      ['What did my service send?', 'shop', 'Its newest Produce requests'],
      ['Who is behind?', null, 'Oldest unread'],
      ['What changed?', null, "topic 'orders' was created with 2 partitions"],
      ['What blocks?', null, 'Transactional ids'],
    ] as const;
    for (const [question, second, answer] of answers) {
      await page.goto(`${url}/`);
      await page.getByRole('link', { name: question }).click();
      if (second !== null) await page.getByRole('link', { name: second, exact: true }).click();
      await page.getByText(answer).first().waitFor();
      await expect.poll(() => page.getByText('Loading…').count()).toBe(0);
    }
    await page.close();
  });

  test('a group tells how it was rebalanced, and a request turns into a fault', async () => {
    await using clients = new Clients();
    await clients.consumer(kafka, 'told', 'orders');
    await kafka.waitForLag('told', 0);
    const { page, complaints } = await openPage(browser, url);
    await page.goto(`${url}/#/groups/told`);
    await page.getByRole('heading', { name: 'Rebalances' }).waitFor();
    await page.getByText(/stable after .*, generation 1: member app-/).waitFor();
    await page.getByText(/partitions are assigned, .* waited for app/).waitFor();
    await page.goto(`${url}/#/traffic?filter=${encodeURIComponent('api:SyncGroup group:told')}`);
    await page.getByRole('row').nth(1).getByRole('link').first().click();
    await page.getByText(/^kafka\.faults\.on\('SyncGroup', \{ group: 'told'/).waitFor();
    await page.goto(`${url}/#/traffic?filter=apii:x`);
    await page.getByRole('alert').getByText("At character 1 of the search: there is no field 'apii'").waitFor();
    expect(complaints).toEqual([]);
    await page.close();
  });

  test('what moves is held up and goes on; a burst is shown whole', async () => {
    await kafka.createTopic('burst');
    const { page } = await openPage(browser, url);
    await page.goto(`${url}/#/topics/burst?follow=1`);
    await page.getByText('0 records searched').waitFor();
    await kafka.produce(
      'burst',
      Array.from({ length: 150 }, (_, i) => `burst-${i}`),
    );
    await page.getByText('150 came since you follow').waitFor();
    await page.getByText('burst-0').first().waitFor();
    expect(await page.locator('details.record').count()).toBe(150);
    await page.getByRole('button', { name: 'Pause' }).click();
    await kafka.produce('burst', 'not yet');
    await page.getByRole('button', { name: 'Resume' }).waitFor();
    expect(await page.getByText('not yet').count()).toBe(0);
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.getByText('not yet').first().waitFor();
    await page.close();
  });

  test('a message has an address', async () => {
    const { page } = await openPage(browser, url);
    await page.goto(`${url}/#/topics/orders?partition=0&offset=0`);
    await page.getByText('9007199254740993').first().click();
    const link = page.getByRole('link', { name: 'Link to this message' }).first();
    expect(await link.getAttribute('href')).toBe('#/topics/orders?partition=0&offset=0');
    await page.close();
  });

  test('all files of the page together are at most 120 KB, gzipped', async () => {
    const files = await Promise.all(
      ['', 'page/page.js', 'page/page.css'].map(async (path) => (await fetch(`${url}/${path}`)).arrayBuffer()),
    );
    const bytes = files.reduce((sum, file) => sum + gzipSync(Buffer.from(file)).length, 0);
    expect(bytes).toBeLessThan(120_000);
  });

  test('two thousand topics are a list of a hundred', async () => {
    await using many = await startBroker({ leftovers: 'ignore' });
    await Promise.all(Array.from({ length: 2000 }, (_, index) => many.createTopic(`topic-${index}`)));
    const place = await many.openPage();
    const { page } = await openPage(browser, place);
    await page.goto(`${place}/#/topics`);
    await page.getByText('2,000 of 2,000 topics, 1 to 100').waitFor();
    await page.getByRole('searchbox').fill('1999');
    await page.getByText('1 of 2,000 topics').waitFor();
    expect(await page.getByRole('row').count()).toBe(2);
    await page.close();
  });
});
