/** Keys that Apache Kafka does not have, all beginning with `ottla.`; listed only when set, as tools expect Kafka's. */
import { boolean, int, list, string } from './definition.ts';

export const ottlaKeys = {
  'ottla.evict.on.disconnect': boolean(
    false,
    { importance: 'low', internal: true },
    'Whether a group member is removed as soon as its connection closes, instead of when its session times out; ' +
      'a test that restarts its consumers then need not wait for the session.',
  ),
  'ottla.fetch.max.wait.ms': int(
    0,
    { min: 0, importance: 'low', internal: true },
    'How long a Fetch without records waits at most, whatever its client asks for; 0: as the client asks. Clients that stop ' +
      'when their long poll has been answered (kafkajs) stop so much sooner. 200 for `--memory` and brokers for tests.',
  ),
  'ottla.max.open.files': int(
    -1,
    { min: -1, importance: 'low', internal: true },
    'How many files of logs are open at a time. A file that was not used lately is closed, and opened again when it is: ' +
      'there may be any number of partitions. -1: half of what the system allows the process (ulimit -n) up to 16,384, and ' +
      '2,048 on systems that do not say.',
  ),
  'ottla.check.crcs.on.fetch': boolean(
    true,
    { importance: 'low', internal: true },
    'Whether the checksum of every batch is computed before a consumer gets it. Without, a fetch costs less CPU, and a ' +
      'damaged disk shows where consumers check for themselves: the Java client and librdkafka (check.crcs) do, others do not.',
  ),
  'ottla.skip.corrupt.batches': boolean(
    false,
    { importance: 'low', internal: true },
    'Whether consumers pass over batches that are damaged on the disk. Otherwise they are told CORRUPT_MESSAGE there, ' +
      'and come no further before somebody decides what those records are worth.',
  ),
  'ottla.metrics.port': int(
    -1,
    { min: -1, max: 65_535, importance: 'low', internal: true },
    'The port on which Prometheus finds /metrics, on the address of the first listener; -1 for none, and then nothing is ' +
      'measured. 0 takes any free port. As a flag: --metrics-port.',
  ),
  'ottla.processes': int(
    1,
    { min: 1, max: 64, importance: 'low', internal: true },
    'How many brokers `ottla start` runs on this machine, each a process with a port and directories of its own. More than one ' +
      'have their controller in the process that was started. As a flag: --processes.',
  ),
  'ottla.etcd.endpoints': list(
    [],
    { importance: 'low', internal: true },
    'Where each member of the etcd is that keeps the state of a cluster, as host:port; empty for a broker alone, whose state ' +
      'lies in its first log directory. As a flag: --etcd.',
  ),
  'ottla.etcd.prefix': string(
    '/ottla',
    { importance: 'low', internal: true },
    'What the names of all keys in etcd begin with. Clusters that share an etcd have one each.',
  ),
  'ottla.etcd.user': string(
    null,
    { importance: 'low', internal: true },
    'The user by which controllers speak to etcd, where that asks for one; it reads and writes all keys of the prefix.',
  ),
  'ottla.etcd.password.file': string(
    null,
    { importance: 'low', internal: true },
    "The file with that user's password; a line feed at its end does not count.",
  ),
  'ottla.etcd.ssl.ca': string(
    null,
    { importance: 'low', internal: true },
    'A PEM file with the authorities that sign the certificates of etcd. With it, or with a certificate, controllers speak TLS.',
  ),
  'ottla.etcd.ssl.certificate': string(
    null,
    { importance: 'low', internal: true },
    'A PEM file with the certificate that controllers show to etcd, where that asks for one.',
  ),
  'ottla.etcd.ssl.key': string(
    null,
    { importance: 'low', internal: true },
    'A PEM file with the key of that certificate.',
  ),
  'ottla.etcd.lease.ttl.ms': int(
    3000,
    { min: 2000, importance: 'low', internal: true },
    'How long the claim of the active controller stands in etcd when the controller does not renew it. A controller that is gone ' +
      'is replaced sooner, as a rule: another controller ends the claim when no process listens at its address.',
  ),
  'ottla.authentication.timeout.ms': int(
    30_000,
    { min: 1, importance: 'low', internal: true },
    'How long a client may take to authenticate, TLS and SASL together. Then its connection is closed.',
  ),
  'ottla.ssl.reload.interval.ms': int(
    0,
    { min: 0, importance: 'low', internal: true },
    'How often the files of key and trust stores are read again; 0: never. SIGHUP has them read at once, and so does a change of ' +
      'their settings. Connections that are open stay.',
  ),
  'ottla.unauthenticated.connections.max': int(
    1000,
    { min: 1, importance: 'low', internal: true },
    'How many connections there may be whose clients have not authenticated yet, on listeners with TLS or SASL. Where there are ' +
      'more, the oldest of them is closed.',
  ),
} as const;
