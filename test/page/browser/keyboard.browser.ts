/** All that people change, by keyboard alone: a dialog takes the focus, keeps it, ends with Escape, and gives it back. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Browser, Page } from 'playwright-core';
import { startBroker, type TestBroker } from '../../../src/testing/index.ts';
import { Clients } from '../../testing/kafkajs-clients.ts';
import { barriers, executable, openPage, startChromium } from './chromium.ts';

/** Every dialog of every view. */
const DIALOGS = [
  ['#/topics', 'Create a topic'],
  ['#/topics/orders', 'Produce a message'],
  ['#/topics/orders', 'Alter: orders'],
  ['#/topics/orders', 'Empty: orders'],
  ['#/topics/orders', 'Delete: orders'],
  ['#/groups/billing', 'Reset offsets: billing'],
  ['#/groups/billing', 'Delete: billing'],
  ['#/groups/billing', 'Remove: app'],
  ['#/clients', 'Disconnect: app'],
  ['#/transactions', 'Abort: payments'],
  ['#/settings', 'Change a setting'],
  ['#/test', 'Add a fault'],
  ['#/test', 'Advance the clock'],
  ['#/test', 'Reset the broker'],
] as const;

const CONTROLS = 'a[href], button, input, select, textarea';

describe.skipIf(executable === null)('by keyboard alone', () => {
  let browser: Browser;
  let kafka: TestBroker;
  let url: string;
  const clients = new Clients();

  beforeAll(async () => {
    browser = await startChromium();
    kafka = await startBroker({ topics: ['orders'], leftovers: 'ignore' });
    url = await kafka.openPage();
    await clients.consumer(kafka, 'billing', 'orders');
    await kafka.waitForGroup('billing', { state: 'Stable' });
    const producer = await clients.producer(kafka, {
      transactionalId: 'payments',
      maxInFlightRequests: 1,
      transactionTimeout: 600_000,
    });
    await (await producer.transaction()).send({ topic: 'orders', messages: [{ value: 'a' }] });
  });

  afterAll(async () => {
    await browser?.close();
    await clients[Symbol.asyncDispose]();
    await kafka?.stop();
  });

  /** What has the focus: its tag and its name. */
  const focused = (page: Page): Promise<string> =>
    page.evaluate<string>(
      "(({ tagName, textContent, ariaLabel }) => tagName + ' ' + (ariaLabel ?? textContent))(document.activeElement)",
    );

  /** How many of its controls Tab reaches, each of which is seen to have the focus. Behind the last is what the browser itself has. */
  async function reachedIn(page: Page, controls: number): Promise<number> {
    const reached = new Set<string>();
    for (let index = 0; index < controls; index++) {
      if (index > 0) await page.keyboard.press('Tab');
      const place = await page.evaluate<string>(`(() => {
        const all = Array.from(document.querySelectorAll('dialog :is(${CONTROLS})'));
        return all.indexOf(document.activeElement) + ' ' + (getComputedStyle(document.activeElement).outlineStyle !== 'none');
      })()`);
      if (/^\d+ true$/.test(place)) reached.add(place);
    }
    return reached.size;
  }

  test('every dialog takes the focus, keeps nobody out, is left by Escape and by Cancel, and gives the focus back', async () => {
    const { page, complaints } = await openPage(browser, url);
    await page.setViewportSize({ width: 320, height: 640 });
    const dialog = page.getByRole('dialog');
    /** Closed, and taken away: a button that is pressed in between does nothing. */
    const gone = () => page.locator('dialog').waitFor({ state: 'detached' });
    for (const [address, name] of DIALOGS) {
      await page.goto(`${url}/${address}`);
      const opener = page.getByRole('button', { name: new RegExp(`^${name}`) }).first();
      await opener.press('Enter');
      await dialog.waitFor();
      expect({ name, found: await barriers(page) }).toEqual({ name, found: [] });
      const wide = await page.evaluate<number>('document.documentElement.scrollWidth');
      expect({ name, isWide: wide > 320 }).toEqual({ name, isWide: false });
      const controls = await dialog.locator(CONTROLS).count();
      expect({ name, reached: await reachedIn(page, controls) }).toEqual({ name, reached: controls });
      await page.keyboard.press('Escape');
      await gone();
      const given = expect.stringMatching(new RegExp(`^BUTTON ${name}`));
      expect({ name, focused: await focused(page) }).toEqual({ name, focused: given });
      await page.keyboard.press('Enter');
      await page.getByRole('button', { name: 'Cancel' }).press('Enter');
      await gone();
      expect({ name, focused: await focused(page) }).toEqual({ name, focused: given });
    }
    expect(complaints).toEqual([]);
    await page.close();
  }, 180_000);

  test('what is done gives the focus back, and where the button has gone with it, to the heading', async () => {
    const { page } = await openPage(browser, url);
    await page.goto(`${url}/#/topics`);
    await page.getByRole('button', { name: 'Create a topic' }).press('Enter');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.type('made-by-keyboard');
    await page.keyboard.press('Enter');
    await page.getByRole('status').getByText('made-by-keyboard').waitFor();
    await expect.poll(() => focused(page)).toBe('BUTTON Create a topic');
    await page.goto(`${url}/#/topics/made-by-keyboard`);
    await page.getByRole('button', { name: 'Delete: made-by-keyboard' }).press('Enter');
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).press('Enter');
    await page.getByText("There is no topic 'made-by-keyboard'").waitFor();
    await expect.poll(() => focused(page)).toBe('H1 made-by-keyboard');
    await page.close();
  });
});
