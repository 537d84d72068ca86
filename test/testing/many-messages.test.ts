import { expect, test } from 'vitest';
import type { TestMessage } from '../../src/testing/message.ts';
import { SoughtMessages } from '../../src/testing/sought-messages.ts';

test('messages are waited for in a topic of more than a call takes arguments', () => {
  const message = { value: 'v' } as TestMessage;
  const sought = new SoughtMessages(5, undefined);
  sought.add(Array.from({ length: 2_000_000 }, () => message));
  expect(sought.result).toHaveLength(2_000_000);
});
