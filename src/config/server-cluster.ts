/** Broker keys for the controller quorum, the metadata log and the registration of brokers. */
import { NO_LIMIT, boolean, int, list, long, string } from './definition.ts';

export const clusterKeys = {
  'broker.heartbeat.interval.ms': int(
    2000,
    {},
    'Milliseconds between the heartbeats of a broker to the active controller, in a cluster.',
  ),
  'broker.id': int(-1, { importance: 'high' }, 'Older name of node.id; the two must agree.'),
  'broker.rack': string(
    null,
    {},
    'Name of the rack or zone the broker stands in; clients are told, and may choose what to read by it.',
  ),
  'broker.session.timeout.ms': int(
    9000,
    {},
    'Milliseconds without a heartbeat before the active controller fences a broker, in a cluster. A broker whose port ' +
      'refuses connections is fenced at once.',
  ),
  'controlled.shutdown.enable': boolean(
    true,
    {},
    'Whether a broker of a cluster hands its partitions over before it stops. A broker alone has no other to hand them to.',
  ),
  'controller.listener.names': list(
    ['CONTROLLER'],
    { importance: 'high', nonEmpty: true, required: true },
    'Names of listeners that belong to the controller. A controller of a cluster opens the first of them, on the port behind ' +
      'that of the first other listener where `listeners` names none; a broker alone opens none.',
  ),
  'controller.performance.always.log.threshold.ms': long(
    2000,
    { min: 0, internal: true },
    'Milliseconds above which a slow controller event is always logged. Accepted without effect.',
  ),
  'controller.performance.sample.period.ms': long(
    60_000,
    { min: 100, internal: true },
    'Milliseconds between reports on slow controller events. Accepted without effect.',
  ),
  'controller.quorum.append.linger.ms': int(
    25,
    { min: 0 },
    "Milliseconds the quorum's leader gathers records before writing them. Accepted without effect: Ottla has " +
      'no quorum.',
  ),
  'controller.quorum.auto.join.enable': boolean(
    false,
    { importance: 'low' },
    'Whether a new controller joins the quorum by itself. Accepted without effect: Ottla has no quorum.',
  ),
  'controller.quorum.bootstrap.servers': list(
    [],
    { keepsRepetitions: true, importance: 'high' },
    'Where controllers listen, as host:port, for a process that is broker only (`process.roles`): any of them may be the active one.',
  ),
  'controller.quorum.election.backoff.max.ms': int(
    1000,
    { importance: 'high', min: 0 },
    'Longest pause in milliseconds before a new election. Accepted without effect: Ottla has no quorum.',
  ),
  'controller.quorum.election.timeout.ms': int(
    1000,
    { importance: 'high', min: 0 },
    'Milliseconds to wait for votes in an election. Accepted without effect: Ottla has no quorum.',
  ),
  'controller.quorum.fetch.max.bytes': int(
    1_048_576,
    { importance: 'low', min: 1 },
    'Most bytes of the metadata log that a broker of a cluster fetches at a time.',
  ),
  'controller.quorum.fetch.snapshot.max.bytes': int(
    1_048_576,
    { importance: 'low', min: 1 },
    'Most bytes of a metadata snapshot that a broker of a cluster fetches at a time.',
  ),
  'controller.quorum.fetch.timeout.ms': int(
    2000,
    { importance: 'high', min: 0 },
    'Milliseconds without an answer after which a broker of a cluster looks for another controller.',
  ),
  'controller.quorum.request.timeout.ms': int(
    2000,
    { min: 0 },
    "Milliseconds to wait for a controller's answer. Accepted without effect: Ottla has no quorum.",
  ),
  'controller.quorum.retry.backoff.ms': int(
    20,
    { importance: 'low', min: 0 },
    'Milliseconds before a request within the quorum is tried again. Accepted without effect: Ottla has no ' +
      'quorum.',
  ),
  'controller.quorum.voters': list(
    [],
    { keepsRepetitions: true, importance: 'high' },
    'Controllers as id@host:port, for a process that is broker only, where `controller.quorum.bootstrap.servers` is empty.',
  ),
  'controller.quota.window.num': int(
    11,
    { importance: 'low', min: 1 },
    'Samples over which the rate of topic changes is averaged for quotas.',
  ),
  'controller.quota.window.size.seconds': int(
    1,
    { importance: 'low', min: 1 },
    'Length in seconds of a sample of the rate of topic changes.',
  ),
  'controller.socket.timeout.ms': int(
    30_000,
    {},
    'Milliseconds to wait on connections to the controller. No effect in Ottla, which is its own controller.',
  ),
  'early.start.listeners': list(
    null,
    { importance: 'high' },
    "Listeners that open before the broker is fully ready; all of Ottla's open at once.",
  ),
  'initial.broker.registration.timeout.ms': int(
    60_000,
    {},
    'Milliseconds that a starting broker of a cluster tries to register at the active controller, before it ends.',
  ),
  'internal.metadata.delete.delay.millis': long(
    60_000,
    { importance: 'low', internal: true },
    'Milliseconds before files of the metadata log are deleted.',
  ),
  'internal.metadata.log.segment.bytes': int(
    null,
    { importance: 'low', internal: true },
    'Segment size in bytes of the metadata log, for tests.',
  ),
  'internal.metadata.max.batch.size.in.bytes': int(
    8_388_608,
    { importance: 'low', internal: true },
    'Largest batch of the metadata log in bytes.',
  ),
  'metadata.log.dir': string(
    null,
    { importance: 'high' },
    'Where a broker of a cluster keeps its copy of the metadata log, one of log.dirs; the first of them when absent.',
  ),
  'metadata.log.max.record.bytes.between.snapshots': long(
    20_971_520,
    { importance: 'high', min: 1 },
    'Bytes of the metadata log of a cluster behind which a snapshot replaces it, or as many as the snapshot before has where that is ' +
      'larger. A broker alone writes its file anew at start.',
  ),
  'metadata.log.max.snapshot.interval.ms': long(
    3_600_000,
    { importance: 'high', min: 0 },
    'Milliseconds after which a snapshot of the metadata is written if anything changed; 0 never does.',
  ),
  'metadata.log.segment.bytes': int(
    1_073_741_824,
    { importance: 'high', min: 8_388_608 },
    'Segment size in bytes of the metadata log.',
  ),
  'metadata.log.segment.ms': long(
    604_800_000,
    { importance: 'high' },
    'Age in milliseconds at which the metadata log begins a new segment.',
  ),
  'metadata.max.idle.interval.ms': int(
    500,
    { importance: 'low', min: 0 },
    'Milliseconds of rest after which the controller writes an empty record. No effect in Ottla, which has no ' +
      'quorum.',
  ),
  'metadata.max.retention.bytes': long(
    104_857_600,
    { importance: 'high' },
    'Size in bytes above which old parts of the metadata log are deleted.',
  ),
  'metadata.max.retention.ms': long(
    604_800_000,
    { importance: 'high' },
    'Age in milliseconds after which old parts of the metadata log are deleted.',
  ),
  'node.id': int(
    1,
    { importance: 'high', min: 0, required: true },
    'The number by which the cluster knows this broker; Ottla takes 1 when it is not given.',
  ),
  'process.roles': list(
    ['broker', 'controller'],
    { importance: 'high', oneOf: ['broker', 'controller'], nonEmpty: true, required: true },
    'Whether the process is broker, controller or both. A broker alone is both; in a cluster a process may be either.',
  ),
  'server.max.startup.time.ms': long(
    NO_LIMIT,
    { min: 0, internal: true },
    'Most milliseconds a broker may take to start before it gives up.',
  ),
  'unstable.api.versions.enable': boolean(
    false,
    { importance: 'high', internal: true },
    'Whether request versions that are still being worked on are offered to clients; Ottla offers none.',
  ),
  'unstable.feature.versions.enable': boolean(
    false,
    { importance: 'high', internal: true },
    'Whether feature levels that are still being worked on may be used; Ottla has none.',
  ),
} as const;
