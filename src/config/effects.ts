/** Which keys do something in Ottla; test/config/effects.test.ts holds this against what the code reads. */

/**
 * `yes`; `no`: on one broker, in one process without a JVM, there is nothing that it could act on; `not yet`: it belongs to a
 * part of Kafka that Ottla does not have so far.
 */
export type Effect = 'yes' | 'no' | 'not yet';

/** Keys of other machines, of the JVM and of its threads. */
const NOTHING_TO_ACT_ON: readonly (string | RegExp)[] = [
  // A quorum, other controllers, other brokers.
  /^(controller\.(?!listener\.names|quota\.window|quorum\.(bootstrap|voters|fetch))|early\.)/,
  'server.max.startup.time.ms',
  /^(metadata\.(?!log\.(dir$|max\.record\.bytes))|internal\.metadata\.)/,
  /^(num\.replica\.alter|replica\.socket\.receive|alter\.log\.dirs\.replication)\b/,
  'log.dir.failure.timeout.ms',
  'unclean.leader.election.interval.ms',
  /^socket\.connection\.setup\./,
  // Threads, purgatories and buffers of Kafka's own making.
  /assignor\.offload\.enable$/,
  /\.threads(\.per\.data\.dir)?$/,
  /\.purgatory\.purge\.interval\.requests$/,
  /\.(append\.linger\.ms|cached\.buffer\.max\.bytes|load\.buffer\.size)$/,
  'log.cleaner.io.buffer.size',
  'log.flush.start.offset.checkpoint.interval.ms',
  'log.initial.task.delay.ms',
  'queued.max.requests',
  /^socket\.(listen\.backlog|receive\.buffer|send\.buffer)/,
  // Java classes, and Kafka's way of measuring.
  /^(?!authorizer\.|client\.quota|principal\.builder|ssl\.engine|replica\.selector|sasl\.(server\.callback|login)).*\.class(\.name|\.path)?$/,
  /^sasl\.kerberos\./,
  'sasl.oauthbearer.scope.claim.name',
  /^(kafka\.metrics|metric|metrics)\./,
  'config.providers',
  'security.providers',
  // What is not enabled in Kafka 4.4 either.
  /^unstable\./,
  'transaction.two.phase.commit.enable',
  // Kafka's threads and buffers.
  /^(group\.)?share\.assignor\.offload\.enable$/,
  /^share\.coordinator\.(append\.linger\.ms|cached\.buffer\.max\.bytes|load\.buffer\.size|threads)$/,
];

const PARTS_TO_COME: readonly (string | RegExp)[] = [
  /^(group\.)?streams\.((num|max)\.warmup\.|rack\.aware\.|topology\.description\.)/,
  'streams.assignor.name',
  /^(log\.)?(remote|local)\.|\.tiered\./,
  /^sasl\.(login\.(?!class|callback)|oauthbearer\.assertion)/,
  'cordoned.log.dirs',
  'offsets.topic.compression.codec',
  'share.coordinator.state.topic.compression.codec',
];

export function effectOf(key: string): Effect {
  const base = key.replace(/^listener\.name\.[^.]+\./, '');
  const isIn = (list: readonly (string | RegExp)[]): boolean =>
    list.some((each) => (typeof each === 'string' ? each === base : each.test(base)));
  if (isIn(PARTS_TO_COME)) return 'not yet';
  return isIn(NOTHING_TO_ACT_ON) ? 'no' : 'yes';
}
