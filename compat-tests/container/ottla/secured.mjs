// OttlaContainer as a user writes it who locks it: TLS, users, ACLs; who was denied; its page, and a report.
import { OttlaContainer } from 'ottla/testcontainers';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const { Kafka, logLevel } = createRequire(process.env.KAFKAJS_AT)('kafkajs');
const say = (text) => process.stdout.write(`${text}\n`);
const client = (options) => new Kafka({ ...options, logLevel: logLevel.NOTHING, retry: { retries: 0 } });
const refusal = (promise) =>
  promise.then(
    () => 'nothing',
    (error) => error.message,
  );

const kafka = await new OttlaContainer(process.env.OTTLA_IMAGE)
  .withTopics('orders', 'secret')
  .withTls()
  .withUsers({ alice: `her "password", isn't it`, admin: { password: 'of the admin', superUser: true } })
  .withAcls({ alice: ['all topic orders', 'read group kitchen', 'idempotent-write cluster'] })
  .start();
try {
  const options = kafka.clientOptions('alice');
  const alice = client(options);
  const producer = alice.producer();
  await producer.connect();
  await producer.send({ topic: 'orders', messages: [{ value: 'hello' }] });
  say(`denied: ${await refusal(producer.send({ topic: 'secret', messages: [{ value: 'hello' }] }))}`);
  await producer.disconnect();
  const denied = await kafka.waitForDenied({ user: 'alice', topic: 'secret' });
  say(`known to the test: ${denied.user} may not ${denied.operation} ${denied.name}`);

  const consumer = alice.consumer({ groupId: 'kitchen' });
  await consumer.connect();
  await consumer.subscribe({ topic: 'orders', fromBeginning: true });
  const value = await new Promise((resolve) => {
    void consumer.run({ eachMessage: async ({ message }) => resolve(message.value.toString()) });
  });
  await consumer.disconnect();
  say(`read by alice: ${value}`);

  // kafkajs keeps what it signs in by in the options that it was given: these are others.
  const others = kafka.clientOptions('alice');
  const guessed = client({ ...others, sasl: { ...others.sasl, password: 'guessed' } }).admin();
  say(`another password: ${await refusal(guessed.connect())}`);
  const distrusting = client({ ...options, ssl: true }).admin();
  say(`without its authority: ${await refusal(distrusting.connect())}`);
  const admin = client(kafka.clientOptions('admin')).admin();
  await admin.connect();
  say(`the admin sees: ${(await admin.listTopics()).sort().join(' ')}`);
  await admin.disconnect();

  const url = await kafka.openPage();
  const page = await fetch(url);
  say(`its page: ${page.status} ${/<title>(.*?)<\/title>/.exec(await page.text())?.[1]}`);
  const report = await kafka.report('report.html');
  const text = readFileSync(report, 'utf8');
  say(`its report: ${text.includes('orders') && text.includes('alice')}`);
} finally {
  const { leaks, unusedFaults, forgottenWaits } = await kafka.stop();
  say(`left over: ${JSON.stringify({ leaks, unusedFaults, forgottenWaits })}`);
}
