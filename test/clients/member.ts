/**
 * A member of a group, as a process that can be killed: `member.ts <client> <bootstrap> <groupId> <topic>`. Tells its
 * parent every value it receives; leaves the group when it is told to.
 */
export type MemberClient =
  | 'kafkajs'
  | '@platformatic/kafka, classic'
  | '@platformatic/kafka, consumer'
  | 'librdkafka, classic'
  | 'librdkafka, consumer';

const SESSION_MS = 3000;
const HEARTBEAT_MS = 100;

const [client, bootstrap, groupId, topic] = process.argv.slice(2) as [MemberClient, string, string, string];
const tell = (value: unknown): void => void process.send?.(String(value));

/** Answers how to leave. */
async function join(): Promise<() => Promise<unknown>> {
  if (client === 'kafkajs') return joinKafkajs();
  const protocol = client.endsWith('consumer') ? 'consumer' : 'classic';
  return client.startsWith('librdkafka') ? joinLibrdkafka(protocol) : joinPlatformatic(protocol);
}

async function joinKafkajs(): Promise<() => Promise<unknown>> {
  const { Kafka, logLevel } = await import('kafkajs'); // each member loads its own client alone
  const kafka = new Kafka({ brokers: [bootstrap], logLevel: logLevel.NOTHING });
  const consumer = kafka.consumer({
    groupId,
    sessionTimeout: SESSION_MS,
    rebalanceTimeout: SESSION_MS,
    heartbeatInterval: HEARTBEAT_MS,
    maxWaitTimeInMs: HEARTBEAT_MS,
  });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({ eachMessage: async ({ message }) => tell(message.value) });
  return () => consumer.disconnect();
}

async function joinPlatformatic(groupProtocol: 'classic' | 'consumer'): Promise<() => Promise<unknown>> {
  const { Consumer, MessagesStreamModes, stringDeserializers } = await import('@platformatic/kafka');
  const times = { sessionTimeout: SESSION_MS, rebalanceTimeout: SESSION_MS, heartbeatInterval: HEARTBEAT_MS };
  const consumer = new Consumer({
    clientId: 'member',
    bootstrapBrokers: [bootstrap],
    groupId,
    deserializers: stringDeserializers,
    maxWaitTime: HEARTBEAT_MS,
    groupProtocol,
    ...(groupProtocol === 'classic' ? times : {}),
  });
  const stream = await consumer.consume({
    topics: [topic],
    autocommit: true,
    mode: MessagesStreamModes.COMMITTED,
    fallbackMode: 'earliest',
  });
  stream.on('data', ({ value }) => tell(value));
  return () => consumer.close(true);
}

async function joinLibrdkafka(protocol: 'classic' | 'consumer'): Promise<() => Promise<unknown>> {
  const { librdkafka } = await import('./librdkafka.ts');
  const { Kafka: NativeKafka, logLevel: levels } = librdkafka!.KafkaJS;
  const kafka = new NativeKafka({ kafkaJS: { brokers: [bootstrap], logLevel: levels.NOTHING } });
  const classic = { 'session.timeout.ms': SESSION_MS, 'heartbeat.interval.ms': HEARTBEAT_MS };
  const consumer = kafka.consumer({
    'group.id': groupId,
    'group.protocol': protocol,
    'auto.offset.reset': 'earliest',
    'auto.commit.interval.ms': HEARTBEAT_MS,
    ...(protocol === 'classic' ? classic : {}),
  });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic] });
  await consumer.run({ eachMessage: async ({ message }) => tell(message.value) });
  return () => consumer.disconnect();
}

const leave = await join();
process.on('message', () => void leave().then(() => process.exit(0)));
process.on('disconnect', () => process.exit(0));
