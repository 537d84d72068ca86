import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startBroker, type RunningBroker } from '../../../src/broker/broker.ts';
import { JavaDriver, whyNoJava } from './driver.ts';
import { ToolScript } from './tool-script.ts';

const missing = await whyNoJava();
/** Written from Apache Kafka 4.4.0 with RECORD_FROM=host:port of one. */
const RECORDED = new URL('tools.txt', import.meta.url);
const recordFrom = process.env.RECORD_FROM;

describe.skipIf(missing !== null)(`Kafka's group tools${missing === null ? '' : ` (${missing})`}`, () => {
  let broker: RunningBroker | undefined;
  let java: JavaDriver;

  beforeAll(async () => {
    const settings = { listeners: 'PLAINTEXT://127.0.0.1:0', 'node.id': '1' };
    if (recordFrom === undefined) broker = await startBroker({ memory: true, settings });
    java = await JavaDriver.start(recordFrom ?? broker?.bootstrap ?? '');
  });
  afterAll(async () => {
    await java?.stop();
    await broker?.stop();
  });

  test('say the same of Ottla as of Apache Kafka', async () => {
    const transcript = await new ToolScript(java, `t${Date.now().toString(36)}`).play();
    if (recordFrom !== undefined) writeFileSync(RECORDED, transcript);
    expect(existsSync(RECORDED)).toBe(true);
    const steps = (text: string) => text.split(/^(?=> )/m);
    expect(steps(transcript)).toEqual(steps(readFileSync(RECORDED, 'utf8')));
  }, 240_000);
});
