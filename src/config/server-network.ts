/** Broker keys for listeners, sockets, requests, quotas and metrics. */
import { className, int, list, long, string } from './definition.ts';

export const networkKeys = {
  'advertised.listeners': list(
    null,
    { importance: 'high', nonEmpty: true },
    'The addresses clients are told to connect to, as NAME://host:port; when absent, those of listeners with ' +
      'localhost for "all interfaces".',
  ),
  'background.threads': int(
    10,
    { importance: 'high', update: 'cluster-wide', min: 1 },
    'Threads for odd jobs in Kafka. Accepted without effect.',
  ),
  'client.quota.callback.class': className(
    null,
    { importance: 'low' },
    'A Java class that decides on quotas. Refused: Ottla runs no classes.',
  ),
  'connection.failed.authentication.delay.ms': int(
    100,
    { importance: 'low', min: 0 },
    'Milliseconds before a connection whose authentication failed is closed, to slow down guessing.',
  ),
  'connections.max.idle.ms': long(600_000, {}, 'Milliseconds without a request after which a connection is closed.'),
  'delete.records.purgatory.purge.interval.requests': int(
    1,
    {},
    'Finished DeleteRecords requests that pile up before Kafka clears them away. Accepted without effect.',
  ),
  'fetch.max.bytes': int(
    57_671_680,
    { min: 1024 },
    'Most bytes one fetch is answered with, whatever the client asks for; a first batch larger than that is ' +
      'still sent.',
  ),
  'fetch.purgatory.purge.interval.requests': int(
    1000,
    {},
    'Finished fetches that pile up before Kafka clears them away. Accepted without effect.',
  ),
  'inter.broker.listener.name': string(
    null,
    {},
    'The listener that brokers use among themselves; by default the one named like ' +
      'security.inter.broker.protocol.',
  ),
  'kafka.metrics.polling.interval.secs': int(
    10,
    { importance: 'low', min: 1 },
    "Seconds between readings of Kafka's own metrics reporters. Accepted without effect.",
  ),
  'kafka.metrics.reporters': list(
    [],
    { importance: 'low' },
    "Java classes that report metrics of Kafka's older kind. No effect in Ottla, which loads no classes.",
  ),
  'listener.security.protocol.map': string(
    'SASL_SSL:SASL_SSL,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT',
    { importance: 'low', update: 'per-broker' },
    'The security protocol of each listener name, as NAME:PROTOCOL pairs.',
  ),
  listeners: list(
    ['PLAINTEXT://:9092'],
    { importance: 'high', update: 'per-broker', nonEmpty: true },
    'The sockets to open, as NAME://host:port; without a host on all interfaces, IPv4 and IPv6.',
  ),
  'max.connection.creation.rate': int(
    2_147_483_647,
    { update: 'cluster-wide', min: 0 },
    'Most new connections a second.',
  ),
  'max.connections': int(2_147_483_647, { update: 'cluster-wide', min: 0 }, 'Most connections the broker has at once.'),
  'max.connections.per.ip': int(
    2_147_483_647,
    { update: 'cluster-wide', min: 0 },
    'Most connections one address may have at once.',
  ),
  'max.connections.per.ip.overrides': string(
    '',
    { update: 'cluster-wide' },
    'Other limits than max.connections.per.ip for certain addresses, as address:number pairs.',
  ),
  'max.incremental.fetch.session.cache.slots': int(
    1000,
    { min: 0 },
    'Most incremental fetch sessions the broker remembers of consumers. Followers have room of their own.',
  ),
  'metric.reporters': list(
    ['org.apache.kafka.common.metrics.JmxReporter'],
    { importance: 'low', update: 'cluster-wide' },
    'Java classes that report metrics. No effect in Ottla, which loads no classes.',
  ),
  'metrics.num.samples': int(2, { importance: 'low', min: 1 }, 'Samples over which metrics are averaged.'),
  'metrics.recording.level': string(
    'INFO',
    { importance: 'low' },
    'Least importance of metrics that are recorded: INFO, DEBUG or TRACE.',
  ),
  'metrics.sample.window.ms': long(
    30_000,
    { importance: 'low', min: 1 },
    'Length in milliseconds of a sample of a metric.',
  ),
  'num.io.threads': int(
    8,
    { importance: 'high', update: 'cluster-wide', min: 1 },
    'Threads that work on requests in Kafka. Accepted without effect.',
  ),
  'num.network.threads': int(
    3,
    { importance: 'high', update: 'cluster-wide', min: 1 },
    'Threads that read and write sockets in Kafka. Accepted without effect.',
  ),
  'producer.purgatory.purge.interval.requests': int(
    1000,
    {},
    'Finished produce requests that pile up before Kafka clears them away. Accepted without effect.',
  ),
  'queued.max.request.bytes': long(-1, {}, 'Most bytes of requests that wait for work, or -1 for no limit.'),
  'queued.max.requests': int(
    500,
    { importance: 'high', min: 1 },
    'Most requests that wait for work before sockets are no longer read.',
  ),
  'quota.window.num': int(
    11,
    { importance: 'low', min: 1 },
    'Samples over which client rates are averaged for quotas.',
  ),
  'quota.window.size.seconds': int(1, { importance: 'low', min: 1 }, 'Length in seconds of a sample of client rates.'),
  'request.timeout.ms': int(
    30_000,
    { importance: 'high' },
    'Milliseconds the broker waits for answers to requests of its own.',
  ),
  'socket.connection.setup.timeout.max.ms': long(
    30_000,
    {},
    'Longest time in milliseconds for connections that the broker itself opens.',
  ),
  'socket.connection.setup.timeout.ms': long(
    10_000,
    {},
    'First limit in milliseconds for connections that the broker itself opens; it grows with each failure.',
  ),
  'socket.listen.backlog.size': int(50, { min: 1 }, 'How many connections may wait to be accepted.'),
  'socket.receive.buffer.bytes': int(
    102_400,
    { importance: 'high' },
    "Receive buffer of sockets in bytes, or -1 for the operating system's choice.",
  ),
  'socket.request.max.bytes': int(
    104_857_600,
    { importance: 'high', min: 1 },
    'Largest request in bytes; a client that announces more is disconnected.',
  ),
  'socket.send.buffer.bytes': int(
    102_400,
    { importance: 'high' },
    "Send buffer of sockets in bytes, or -1 for the operating system's choice.",
  ),
  'telemetry.max.bytes': int(
    1_048_576,
    { importance: 'low', min: 1 },
    'Most bytes of metrics that a client may push at a time.',
  ),
} as const;
