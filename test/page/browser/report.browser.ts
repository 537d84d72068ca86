/** A report in a browser that has no network; people who change things, and who sign in. Found by role and name. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Browser } from 'playwright-core';
import { startBroker, type TestBroker } from '../../../src/testing/index.ts';
import { Clients } from '../../testing/kafkajs-clients.ts';
import { barriers, executable, openPage, startChromium } from './chromium.ts';

const HOSTILE = '</script><img src=x onerror="document.title=\'bad\'">';
const VIEWS = [
  ['#/', 'Overview'],
  ['#/topics', 'Topics'],
  ['#/topics/orders', 'orders'],
  ['#/groups', 'Groups'],
  [`#/groups/${encodeURIComponent(HOSTILE)}`, HOSTILE],
  ['#/clients', 'Clients'],
  ['#/transactions', 'Transactions'],
  ['#/storage', 'Storage'],
  ['#/settings', 'Settings'],
  ['#/journal', 'Journal'],
  ['#/traffic', 'Traffic'],
  ['#/test', 'Test'],
] as const;

describe.skipIf(executable === null)('in a browser', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ottla-report-'));
  let browser: Browser;
  let kafka: TestBroker;
  const clients = new Clients();

  beforeAll(async () => {
    browser = await startChromium();
    kafka = await startBroker({
      topics: [{ name: 'orders', partitions: 2 }, 'empty', 'constructor'],
      leftovers: 'ignore',
    });
    await kafka.produce('orders', [
      { key: 'a', value: '{"id": 9007199254740993, "total": 12}', partition: 0 },
      { key: HOSTILE, value: HOSTILE, headers: { [HOSTILE]: HOSTILE }, partition: 1 },
      { key: 'nul', value: 'before\0after', partition: 0 },
      { key: 'rtl', value: '\u202Eright to left\u202C', partition: 0 },
      { key: 'bytes', value: Buffer.from([0xff, 0xfe, 0x00]), partition: 0 },
      { key: 'broken', value: '{"id": 1,,', partition: 0 },
      { key: null, value: null, partition: 0 },
    ]);
    await clients.consumer(kafka, HOSTILE, 'orders');
    await kafka.waitForLag(HOSTILE, 0);
  });

  afterAll(async () => {
    await browser?.close();
    await clients[Symbol.asyncDispose]();
    await kafka?.stop();
    rmSync(folder, { recursive: true });
  });

  for (const scheme of ['light', 'dark'] as const) {
    test(`a report shows its views from a file, without a network, ${scheme}`, async () => {
      const error = new Error(`three were wanted ${HOSTILE}`);
      const path = await kafka.report(join(folder, `${scheme}.html`), { error, test: `bills ${HOSTILE}` });
      const url = pathToFileURL(path).href;
      const { page, complaints } = await openPage(browser, url, scheme);
      await page.context().setOffline(true);
      for (const [address, title] of VIEWS) {
        await page.goto(`${url}${address}`);
        await page.getByRole('heading', { level: 1, name: title, exact: true }).waitFor();
        await page.getByText('This is not in the report').waitFor({ state: 'detached' }); // it is shown while a view opens
        expect({ title, found: await barriers(page) }).toEqual({ title, found: [] });
      }
      await page.goto(`${url}#/`);
      await page.getByText('three were wanted').first().waitFor();
      await page.getByRole('heading', { name: 'bills </script>' }).waitFor();
      expect(await page.locator('img').count()).toBe(0);
      expect(await page.getByRole('button').count()).toBe(0);
      expect(await page.title()).toBe('Overview – Ottla');
      expect(complaints).toEqual([]);
      await page.close();
    });
  }

  test('a report is searched, its links lead on', async () => {
    const url = pathToFileURL(await kafka.report(join(folder, 'searched.html'))).href;
    const { page, complaints } = await openPage(browser, url);
    await page.goto(`${url}#/topics`);
    await page.getByRole('link', { name: 'orders', exact: true }).click();
    await page.getByText('7 records searched, 7 shown').waitFor();
    await page.getByRole('searchbox').fill('json.total > 10');
    await page.keyboard.press('Enter');
    await page.getByText('7 records searched, 1 shown').waitFor();
    await page.getByText('9007199254740993').first().waitFor();
    await page.getByRole('searchbox').fill('keyy:1');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').getByText("there is no field 'keyy'").waitFor();
    await page.goto(`${url}#/topics/constructor`);
    await page.getByText('0 records searched, 0 shown').waitFor();
    expect(complaints).toEqual([]);
    await page.close();
  });

  test('content is only ever text: as key, value, header, group and client id', async () => {
    const url = await kafka.openPage();
    const { page, complaints } = await openPage(browser, url);
    for (const address of [
      '#/topics/orders',
      '#/groups',
      `#/groups/${encodeURIComponent(HOSTILE)}`,
      '#/clients',
      '#/',
    ]) {
      await page.goto(`${url}/${address}`);
      await page.getByText('Loading…').waitFor({ state: 'detached' });
      expect(await page.locator('img').count()).toBe(0);
      expect(await page.title()).not.toBe('bad');
    }
    await page.goto(`${url}/#/topics/orders?offset=900`);
    await page.getByText('0 records searched, 0 shown').waitFor();
    await page.goto(`${url}/#/topics/nowhere`);
    await page.getByText("There is no topic 'nowhere'").waitFor();
    await page.goto(`${url}/#/nowhere`);
    await page.getByText("There is no view 'nowhere'").waitFor();
    expect(complaints).toEqual([]);
    await page.close();
  });

  test('a topic is made, written to, read by a reset group, and deleted, by keyboard', async () => {
    const url = await kafka.openPage();
    const { page, complaints } = await openPage(browser, url);
    await page.goto(`${url}/#/topics`);
    await page.getByRole('button', { name: 'Create a topic' }).press('Enter');
    const dialog = page.getByRole('dialog', { name: 'Create a topic' });
    await dialog.getByRole('textbox', { name: 'Name', exact: true }).fill('a b');
    await page.keyboard.press('Enter');
    await dialog.getByRole('alert').getByText('INVALID_TOPIC_EXCEPTION').waitFor();
    expect(await barriers(page)).toEqual([]);
    await dialog.getByRole('textbox', { name: 'Name', exact: true }).fill('made');
    await page.keyboard.press('Enter');
    await page.getByRole('status').getByText("Topic 'made' was created").waitFor();
    await page.getByRole('link', { name: 'made', exact: true }).click();
    await page.getByRole('button', { name: 'Produce a message' }).press('Enter');
    const produce = page.getByRole('dialog', { name: 'Produce a message' });
    await produce.getByRole('textbox', { name: 'Value', exact: true }).fill('{"total": 9007199254740993}');
    await produce.getByRole('button', { name: 'Produce a message' }).press('Enter');
    await page.getByRole('status').getByText('The message is in made[0] at offset 0').waitFor();
    expect(kafka.messages('made')[0].value).toBe('{"total": 9007199254740993}');
    await page.getByRole('button', { name: 'Delete: made' }).press('Enter');
    await page.getByRole('dialog', { name: 'Delete' }).getByRole('button', { name: 'Cancel' }).press('Enter');
    expect(kafka.topics()).toContain('made');
    await page.getByRole('button', { name: 'Delete: made' }).press('Enter');
    await page.getByRole('dialog', { name: 'Delete' }).getByRole('button', { name: 'Delete' }).press('Enter');
    await page.getByRole('status').getByText("Topic 'made' was deleted").waitFor();
    expect(kafka.topics()).not.toContain('made');
    expect(complaints.filter((text) => !text.includes('409'))).toEqual([]);
    await page.close();
  });

  test('a reset of offsets is seen before it is done', async () => {
    const url = await kafka.openPage();
    const { page } = await openPage(browser, url);
    await page.goto(`${url}/#/groups/${encodeURIComponent(HOSTILE)}`);
    await page.getByRole('button', { name: `Reset offsets: ${HOSTILE}` }).press('Enter');
    const dialog = page.getByRole('dialog', { name: 'Reset offsets' });
    await dialog.getByRole('button', { name: 'Preview' }).press('Enter');
    await dialog.getByRole('cell', { name: 'orders[0]' }).waitFor();
    await dialog.getByRole('button', { name: 'Reset offsets' }).press('Enter');
    await dialog.getByRole('alert').getByText('has a member').waitFor();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    expect(kafka.group(HOSTILE).lag).toBe(0);
    await page.close();
  });

  test('people sign in where clients have to, and see what they may', async () => {
    await using secured = await startBroker({
      users: { alice: 'secret' },
      topics: ['public', 'audit'],
      acls: { alice: ['read topic public'] },
      leftovers: 'ignore',
    });
    const url = await secured.openPage();
    const { page, complaints } = await openPage(browser, url);
    await page.goto(`${url}/#/topics`);
    await page.getByRole('textbox', { name: 'User' }).fill('alice');
    await page.getByLabel('Password').fill('wrong');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').getByText('does not know this user').waitFor();
    expect(await barriers(page)).toEqual([]);
    await page.getByLabel('Password').fill('secret');
    await page.keyboard.press('Enter');
    await page.getByRole('link', { name: 'public', exact: true }).waitFor();
    expect(await page.getByRole('link', { name: 'audit', exact: true }).count()).toBe(0);
    await page.goto(`${url}/#/clients`);
    await page.getByText('User:alice may not see this: it takes DESCRIBE on the cluster.').waitFor();
    expect(await page.evaluate('document.cookie')).toBe('');
    await page.getByRole('button', { name: 'Sign out alice' }).press('Enter');
    await page.getByRole('textbox', { name: 'User' }).waitFor();
    expect(complaints.filter((text) => !/401|403/.test(text))).toEqual([]);
    await page.close();
  });
});
