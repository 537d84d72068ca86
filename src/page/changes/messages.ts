/** Messages produced from the page, new ones and those that are there already. */
import * as z from 'zod';
import { Produce } from '../../../protocol/apis/00-produce.ts';
import { partitionOfKey } from '../../../protocol/partitioner.ts';
import { encodeBatch, type RecordDraft } from '../../../protocol/records/encode.ts';
import { check, TIMEOUT_MS, type Hands } from '../hands.ts';
import { change } from './change.ts';
import { partitionsOf, recordAt } from '../record-at.ts';

/** Text as UTF-8, or bytes in hexadecimal. */
const content = z
  .union([
    z.strictObject({ text: z.string() }),
    z.strictObject({ hex: z.string().regex(/^([0-9a-fA-F]{2})*$/, 'bytes in hexadecimal have two digits each') }),
  ])
  .nullable();

const place = { topic: z.string().min(1), partition: z.int().min(0) };

export const produce = change(
  'write',
  z.strictObject({
    topic: place.topic,
    /** By the key unless given, as Kafka's clients choose it; any where there is none. */
    partition: place.partition.optional(),
    key: content,
    value: content,
    headers: z.array(z.strictObject({ key: z.string(), value: content })).max(1000),
  }),
  async (hands, { topic, partition, key, value, headers }) => {
    const count = partitionsOf(hands, topic);
    const bytes = bytesOf(key);
    const chosen = partition ?? (bytes === null ? turn++ % count : partitionOfKey(bytes, count));
    const offset = await append(hands, topic, chosen, {
      key: bytes,
      value: bytesOf(value),
      headers: headers.map((header) => ({ key: header.key, value: bytesOf(header.value) })),
      timestamp: hands.view.parts.clock.now(),
    });
    return { done: `The message is in ${topic}[${chosen}] at offset ${offset}.`, partition: chosen, offset };
  },
);

/** For messages without a key: the next partition each. */
let turn = 0;

export const produceAgain = change(
  'write',
  z.strictObject({ ...place, offset: z.int().min(0) }),
  async (hands, { topic, partition, offset }) => {
    const { key, value, headers } = recordAt(hands, topic, partition, offset);
    const again = await append(hands, topic, partition, {
      key: key === null ? null : Buffer.from(key),
      value: value === null ? null : Buffer.from(value),
      headers: headers.map((header) => ({ key: header.key, value: header.value && Buffer.from(header.value) })),
      timestamp: hands.view.parts.clock.now(),
    });
    return { done: `The message is in ${topic}[${partition}] again, at offset ${again}.`, partition, offset: again };
  },
);

function bytesOf(said: z.infer<typeof content>): Buffer | null {
  if (said === null) return null;
  return 'text' in said ? Buffer.from(said.text) : Buffer.from(said.hex, 'hex');
}

/** Answers its offset. */
async function append(hands: Hands, topic: string, index: number, record: RecordDraft): Promise<number> {
  const { responses } = await hands.ask(
    Produce,
    9,
    {
      acks: -1,
      timeoutMs: TIMEOUT_MS,
      topicData: [{ name: topic, partitionData: [{ index, records: encodeBatch({ records: [record] }) }] }],
    },
    { topic, partition: index },
  );
  const [{ errorCode, errorMessage, baseOffset }] = responses[0].partitionResponses;
  check(`${topic}[${index}]`, errorCode, errorMessage);
  return baseOffset;
}
