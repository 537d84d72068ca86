/** The things that the control port speaks of, as OpenAPI has them. */
import { z } from '@hono/zod-openapi';
import { GROUP_STATES } from '../testing/group.ts';

export const duration = z
  .union([
    z.number().min(0),
    z.string().regex(/^\d+(\.\d+)?(ms|s|m|h|d|w)$/, "write milliseconds, or a text like '250ms', '30s', '2h'"),
  ])
  .openapi({ description: "Milliseconds, or '250ms', '30s', '5m', '2h', '8d'.", example: '5s' });

export const isolation = z.enum(['read_committed', 'read_uncommitted']);

const content = z.unknown().openapi({ description: 'Text as UTF-8, other JSON as JSON; null is Kafka’s null.' });

export const messageToProduce = z
  .strictObject({
    value: content.optional(),
    valueBase64: z.base64().optional().openapi({ description: 'Instead of `value`, for bytes that are no text.' }),
    key: content.optional(),
    keyBase64: z.base64().optional(),
    headers: z.record(z.string(), z.unknown()).optional(),
    partition: z.int().min(0).optional().openapi({ description: 'Otherwise by the key, or in turn without one.' }),
    timestamp: z.number().optional().openapi({ description: 'Milliseconds since 1970; otherwise now.' }),
  })
  .refine((message) => 'value' in message || 'valueBase64' in message, 'a message has a value or a valueBase64')
  .openapi('MessageToProduce');

export const message = z
  .object({
    topic: z.string(),
    partition: z.int(),
    offset: z.int(),
    timestamp: z.number().openapi({ description: 'Milliseconds since 1970.' }),
    key: z.string().nullable().openapi({ description: 'As UTF-8.' }),
    value: z.string().nullable().openapi({ description: 'As UTF-8; null is a tombstone.' }),
    headers: z.record(z.string(), z.string().nullable()),
    keyBase64: z.string().optional().openapi({ description: 'There where the bytes are no UTF-8.' }),
    valueBase64: z.string().optional(),
  })
  .openapi('Message');

export const topicSpec = z
  .strictObject({
    name: z.string(),
    partitions: z.int().min(1).optional(),
    replicationFactor: z.int().min(1).optional(),
    configs: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
    messages: z.array(messageToProduce).optional(),
  })
  .openapi('TopicSpec', { example: { name: 'orders', partitions: 3, configs: { 'cleanup.policy': 'compact' } } });

export const replica = z.object({
  nodeId: z.int(),
  endOffset: z.int().nullable().openapi({ description: 'Null where the broker does not run.' }),
});

export const topic = z
  .object({
    name: z.string(),
    topicId: z.string(),
    partitions: z.array(
      z.object({
        partition: z.int(),
        leader: z.int(),
        leaderEpoch: z.int(),
        isr: z.array(z.int()).openapi({ description: 'Node ids of the in-sync replicas.' }),
        replicas: z.array(replica),
        highWatermark: z.int().openapi({ description: 'Offsets below are committed; -1 without a leader.' }),
        startOffset: z.int().openapi({ description: 'Of the first record there is.' }),
        endOffset: z.int().openapi({ description: 'Of the next record.' }),
      }),
    ),
  })
  .openapi('Topic');

const place = { topic: z.string(), partition: z.int() };

export const committed = z
  .object({ ...place, offset: z.int(), metadata: z.string().nullable() })
  .openapi('CommittedOffset');

export const groupState = z.enum(GROUP_STATES).openapi('GroupState');

export const group = z
  .object({
    id: z.string(),
    state: groupState,
    type: z.string().nullable(),
    members: z.array(
      z.object({
        memberId: z.string(),
        groupInstanceId: z.string().nullable(),
        clientId: z.string(),
        clientHost: z.string(),
        assignment: z.array(z.object(place)),
      }),
    ),
    offsets: z.array(committed),
    lag: z
      .int()
      .nullable()
      .openapi({ description: 'Records left to read; null where nothing is committed or assigned.' }),
  })
  .openapi('Group');

export const finding = z
  .object({
    cause: z.string().openapi({ example: 'no-members' }),
    sentence: z.string().openapi({ description: 'What is so, for people.' }),
    evidence: z.array(z.string()).openapi({ description: 'What shows it.' }),
    next: z.string().openapi({ description: 'What to do.' }),
  })
  .openapi('Finding');

const groupMember = group.shape.members;
const range = { ...place, first: z.int(), last: z.int().openapi({ description: 'Part of it.' }) };

export const delivered = z.object({ ...range, deliveries: z.int(), memberId: z.string() }).openapi('Delivered');

export const deadLetter = message
  .extend({
    group: z.string().openapi({ description: 'The share group that could not deliver the record.' }),
    cause: z.string(),
    deliveries: z.int(),
    source: z.object({ topic: z.string(), partition: z.int(), offset: z.int() }),
    original: message.nullable().openapi({ description: 'The record, where it still exists.' }),
  })
  .openapi('DeadLetter');

export const inFlightFilter = z
  .strictObject({
    topic: z.string().optional(),
    partition: z.int().min(0).optional(),
    offset: z.int().min(0).optional(),
    memberId: z.string().optional(),
    clientId: z.string().optional(),
  })
  .openapi('InFlightFilter', { description: 'All that is said must hold; all records in flight where nothing is.' });

export const queue = z
  .object({
    id: z.string(),
    state: groupState,
    members: groupMember,
    partitions: z.array(
      z.object({
        ...place,
        start: z
          .int()
          .nullable()
          .openapi({ description: 'All before it is finished; null where nothing was read yet.' }),
        end: z.int(),
        backlog: z.int().nullable().openapi({ description: 'Records that are not finished; null where unknown.' }),
        inFlight: z.array(
          z.object({
            ...place,
            offset: z.int(),
            state: z.enum(['available', 'acquired', 'archiving']),
            memberId: z.string().nullable(),
            clientId: z.string().nullable(),
            deliveries: z.int(),
            lockedUntil: z.number().nullable().openapi({ description: 'Milliseconds since 1970.' }),
            availableAt: z.number().nullable().openapi({ description: 'Milliseconds since 1970.' }),
          }),
        ),
      }),
    ),
    backlog: z.int().nullable(),
    inFlight: z.int().openapi({ description: 'Records that members hold.' }),
    acknowledged: z.array(z.object(range)),
    delivered: z.array(delivered),
  })
  .openapi('Queue');

export const ok = z.object({ status: z.enum(['ok', 'starting']) }).openapi('Status');
