import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { simulatedAnswers } from './simulated-conversation.ts';

/** What etcd 3.4.23 has answered; `npm run test:etcd` asks the ones that can be had here. */
const RECORDED = new URL('etcd-answers.txt', import.meta.url);

test('the simulated etcd answers as etcd 3.4.23 does', async () => {
  expect(await simulatedAnswers()).toEqual(readFileSync(RECORDED, 'utf8').trimEnd().split('\n'));
});
