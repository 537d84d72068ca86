import { describe, expect, test } from 'vitest';
import { readEnvironment } from '../../src/config/environment.ts';
import { parseProperties } from '../../src/config/properties.ts';
import { combineSettings } from '../../src/config/settings.ts';

const properties = (text: string) => Object.fromEntries(parseProperties(text));
const map = (values: Record<string, string>) => new Map(Object.entries(values));

describe('a properties file', () => {
  test('separates keys and values by equals, colon or blanks', () => {
    expect(properties('a=1\nb: 2\nc   3\nd = = 4\ne')).toEqual({ a: '1', b: '2', c: '3', d: '= 4', e: '' });
  });

  test('has comments, blank lines and all kinds of line ends', () => {
    expect(properties('# one\r\n  ! two\n\n a=1\r b=2#kept')).toEqual({ a: '1', b: '2#kept' });
  });

  test('goes on in the next line after an odd number of backslashes', () => {
    expect(properties('a=1,\\\n   2\\\\\nb=3\nc=4\\')).toEqual({ a: '1,2\\', b: '3', c: '4' });
  });

  test('a continued line may look like a comment', () => {
    expect(properties('a=1\\\n#2')).toEqual({ a: '1#2' });
  });

  test('has escapes, in keys too', () => {
    expect(properties('a\\ b\\=c=\\u0041\\t\\n\\q\\:')).toEqual({ 'a b=c': 'A\t\nq:' });
  });

  test('keeps the last of equal keys and blanks at the end of values', () => {
    expect(properties('a=1\na=2 ')).toEqual({ a: '2 ' });
  });
});

describe('the environment', () => {
  test('names keys by underscores: one for a dot, two for an underscore, three for a dash', () => {
    const { values } = readEnvironment({
      KAFKA_LOG_RETENTION_MS: '5',
      KAFKA_LISTENER_NAME_SASL__PLAIN_SCRAM___SHA___256_X: 'y',
      PATH: '/bin',
      KAFKA_A: '',
    });
    expect(Object.fromEntries(values)).toEqual({
      'log.retention.ms': '5',
      'listener.name.sasl_plain.scram-sha-256.x': 'y',
    });
  });

  test('has variables for the JVM and for the image that are no keys', () => {
    const { values } = readEnvironment({
      KAFKA_HEAP_OPTS: '-Xmx1g',
      KAFKA_OPTS: 'x',
      KAFKA_LOG4J_ROOT_LOGLEVEL: 'WARN',
      KAFKA_LOG4J_OPTS: 'x',
      KAFKA_JMX_PORT: '9999',
      KAFKA_JVM_PERFORMANCE_OPTS: 'x',
      KAFKA_GC_LOG_OPTS: 'x',
      KAFKA_CREATE_TOPICS: 'a',
      KAFKA_CLUSTER_ID: 'x',
      KAFKA_VERSION: '4',
      KAFKA_TOOLS_LOG4J_LOGLEVEL: 'x',
    });
    expect([...values.keys()]).toEqual([]);
  });

  test("takes Bitnami's prefix, and the plain one before it", () => {
    const { values } = readEnvironment({ KAFKA_CFG_NODE_ID: '1', KAFKA_NODE_ID: '2', KAFKA_CFG_NUM_PARTITIONS: '3' });
    expect(Object.fromEntries(values)).toEqual({ 'node.id': '2', 'num.partitions': '3' });
  });

  test('has the names of files with stores and their passwords, as the image of Apache Kafka', () => {
    const files = map({ '/etc/kafka/secrets/store-password': 'secret\n' });
    const { values, warnings } = readEnvironment(
      {
        KAFKA_SSL_KEYSTORE_FILENAME: 'broker.jks',
        KAFKA_SSL_KEYSTORE_CREDENTIALS: 'store-password',
        KAFKA_SSL_KEY_CREDENTIALS: 'nothing',
      },
      (path) => files.get(path) ?? null,
    );
    expect(Object.fromEntries(values)).toEqual({
      'ssl.keystore.location': '/etc/kafka/secrets/broker.jks',
      'ssl.keystore.password': 'secret',
    });
    expect(warnings).toEqual(['KAFKA_SSL_KEY_CREDENTIALS is ignored: there is no file /etc/kafka/secrets/nothing']);
  });

  test('gives the cluster its id and its first topics', () => {
    const { clusterId, createTopics, warnings } = readEnvironment({
      CLUSTER_ID: '4L6g3nShT-eMCtK--X86sw',
      KAFKA_CREATE_TOPICS: 'a:3:1,b:1:1:compact c, d:0:1, e:x',
    });
    expect(clusterId).toBe('4L6g3nShT-eMCtK--X86sw');
    expect(createTopics).toEqual([
      { name: 'a', partitions: 3, replicas: 1 },
      { name: 'b', partitions: 1, replicas: 1, cleanupPolicy: 'compact' },
      { name: 'c', partitions: 1, replicas: 1 },
    ]);
    expect(warnings).toEqual([
      "KAFKA_CREATE_TOPICS: 'd:0:1' is ignored: write name:partitions:replicas[:cleanup]",
      "KAFKA_CREATE_TOPICS: 'e:x' is ignored: write name:partitions:replicas[:cleanup]",
    ]);
  });
});

describe('KAFKA_CREATE_TOPICS', () => {
  const topics = (text: string) => readEnvironment({ KAFKA_CREATE_TOPICS: text }).createTopics;

  test.each([
    ['orders:3:1:compact,delete', [['orders', 'compact,delete']]],
    ['orders:3:1:delete,compact, audit:1:1', [['orders', 'delete,compact'], ['audit']]],
    [
      'a:1:1:compact,b:1:1:compact,delete',
      [
        ['a', 'compact'],
        ['b', 'compact,delete'],
      ],
    ],
    ['a:1:1:compact,compact', [['a', 'compact,compact']]],
    ['orders:3:1,delete', [['orders'], ['delete']]],
    ['delete', [['delete']]],
    ['compact:1:1:compact', [['compact', 'compact']]],
  ])('%s', (text, expected) => {
    const read = topics(text).map(({ name, cleanupPolicy }) => [name, ...(cleanupPolicy ? [cleanupPolicy] : [])]);
    expect(read).toEqual(expected);
  });
});

describe('the sources together', () => {
  test('flags come before the environment, and that before the file', () => {
    const { values } = combineSettings({
      set: map({ 'num.partitions': '1' }),
      environment: map({ 'num.partitions': '2', 'log.dir': '/e' }),
      file: map({ 'num.partitions': '3', 'log.dir': '/f', 'message.max.bytes': '9' }),
    });
    expect([values.get('num.partitions'), values.get('log.dir'), values.get('message.max.bytes')]).toEqual([
      '1',
      '/e',
      '9',
    ]);
  });

  test('an unknown flag is refused with the key that was meant', () => {
    expect(() => combineSettings({ set: map({ 'num.partiton': '1' }) })).toThrow(
      "unknown configuration 'num.partiton': did you mean 'num.partitions'?",
    );
    expect(() => combineSettings({ set: map({ 'completely.different': '1' }) })).toThrow(
      /^unknown configuration 'completely.different'$/,
    );
  });

  test('an unknown key of a file or of the environment is a warning with what may have been meant', () => {
    const file = { 'log.retention.hour': '1', 'completely.different': '1' };
    const { values, warnings } = combineSettings({
      file: map(file),
      environment: map({ port: 'tcp://10.0.0.1:9092', 'num.partition': '1' }),
    });
    expect(warnings).toEqual([
      "unknown configuration 'port' in the environment is ignored",
      "unknown configuration 'num.partition' in the environment is ignored: did you mean 'num.partitions'?",
      "unknown configuration 'log.retention.hour' in the file is ignored: did you mean 'log.retention.hours'?",
      "unknown configuration 'completely.different' in the file is ignored",
    ]);
    expect(values.get('port')).toBe('tcp://10.0.0.1:9092');
  });

  // Of other images, operators, clients and plugins: none of them is for the broker.
  test.each([
    'KAFKA_BROKER_LIST',
    'KAFKA_BROKER_URL',
    'KAFKA_BROKERS',
    'KAFKA_BOOTSTRAP_SERVERS',
    'KAFKA_NODE_IP',
    'KAFKA_FETCH_MIN_BYTES',
    'KAFKA_MAX_POLL_RECORDS',
    'KAFKA_TRANSACTION_TIMEOUT_MS',
    'KAFKA_COMPRESSION_CODEC',
    'KAFKA_CFG_SEGMENT_BYTES',
    'KAFKA_PORT_9092_TCP_ADDR',
    'KAFKA_SERVICE_HOST',
    'KAFKA_TOPIC',
    'KAFKA_GROUP_ID',
    'KAFKA_ENABLE_KRAFT',
    'KAFKA_CONNECT_BOOTSTRAP_SERVERS',
    'KAFKA_SCHEMA_REGISTRY_URL',
    'KAFKA_ADVERTISED_HOST_NAME',
    'KAFKA_CREATE_TOPICS_SEPARATOR',
    // Of clients: `sasl.` and `metrics.` begin the names of broker keys too.
    'KAFKA_SASL_USERNAME',
    'KAFKA_SASL_MECHANISM',
    'KAFKA_METRICS_SAMPLE',
  ])('%s does not end the start, and --strict refuses it', (name) => {
    const { values: environment } = readEnvironment({ [name]: '1' });
    expect(combineSettings({ environment }).warnings).toEqual([expect.stringContaining('is ignored')]);
    expect(() => combineSettings({ environment, strict: true })).toThrow(/^unknown configuration '.*' in the env/);
  });

  test('keys that change nothing are told in a line, those to come in another', () => {
    const { warnings } = combineSettings({
      set: map({ 'zookeeper.connect': 'z:2181', 'num.io.threads': '4', 'num.network.threads': '3' }),
      environment: map({
        'log.dir.failure.timeout.ms': '1',
        'group.streams.num.warmup.replicas': '3',
      }),
    });
    expect(warnings).toHaveLength(2);
    expect(warnings[0]).toContain(': log.dir.failure.timeout.ms, num.io.threads, zookeeper.connect;');
    expect(warnings[1]).toContain('in this version: group.streams.num.warmup.replicas;');
  });

  test('node.id and broker.id are one', () => {
    expect(combineSettings({}).values.get('node.id')).toBe('1');
    expect(combineSettings({ file: map({ 'broker.id': '7' }) }).values.get('node.id')).toBe('7');
    expect(combineSettings({ file: map({ 'node.id': '8' }) }).values.get('broker.id')).toBe('8');
    expect(() => combineSettings({ file: map({ 'node.id': '8', 'broker.id': '7' }) })).toThrow(/remove broker\.id/);
  });
});
