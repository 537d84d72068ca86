/** Reads settings from environment variables, as the container images of Apache Kafka and Bitnami take them. */

/** A topic to make at the first start. */
export interface TopicToCreate {
  readonly name: string;
  readonly partitions: number;
  readonly replicas: number;
  /** `cleanup.policy`, when given. */
  readonly cleanupPolicy?: string;
}

export interface EnvironmentSettings {
  /** Broker keys and their texts. */
  readonly values: ReadonlyMap<string, string>;
  readonly clusterId?: string;
  readonly createTopics: readonly TopicToCreate[];
  /** What is wrong with variables that could not be used; one line each. */
  readonly warnings: readonly string[];
}

/** Variables that begin with KAFKA_ and are about the JVM, the image or its scripts: never a broker key. */
const NOT_KEYS = new Set([
  'KAFKA_HOME',
  'KAFKA_VERSION',
  'KAFKA_OPTS',
  'KAFKA_HEAP_OPTS',
  'KAFKA_GC_LOG_OPTS',
  'KAFKA_TOOLS_LOG4J_LOGLEVEL',
  'KAFKA_JVM_PERFORMANCE_OPTS',
  'KAFKA_DEBUG',
  'KAFKA_CREATE_TOPICS',
  'KAFKA_CLUSTER_ID',
  'KAFKA_KRAFT_CLUSTER_ID',
  'KAFKA_DIR',
  'KAFKA_MOUNTED_CONF_DIR',
  'KAFKA_VOLUME_DIR',
]);
const NOT_KEY_PREFIXES = [
  'KAFKA_LOG4J',
  'KAFKA_JMX',
  'KAFKA_TOOLS_',
  'KAFKA_DEBUG_',
  // Of confluentinc's images: their REST proxy, metrics reporter and licence.
  'KAFKA_REST_',
  'KAFKA_CONFLUENT_',
];
/** Names of files in SECRETS, which the image of Apache Kafka turns into settings: a store, or what its password is. */
const SECRET_FILES = /^KAFKA_SSL_(KEYSTORE|TRUSTSTORE|KEY)_(FILENAME|CREDENTIALS)$/;
const SECRETS = '/etc/kafka/secrets';
/** Of Bitnami's image: users and certificates, which src/credentials/bitnami.ts reads. */
const BITNAMI =
  /^KAFKA_(CLIENT_(USERS|PASSWORDS|LISTENER_NAME)|(INTER_BROKER|CONTROLLER)_(USER|PASSWORD)|TLS_(TYPE|CLIENT_AUTH|TRUSTSTORE_FILE)|CERTIFICATE_PASSWORD)(_FILE)?$/;

/**
 * `KAFKA_LOG_RETENTION_MS` is `log.retention.ms`; of underscores one is a dot, two an underscore, three a dash.
 * `KAFKA_CFG_…` (Bitnami) means the same and yields to the plain spelling. Empty variables are passed over. `readFile` answers what is
 * in a file, null where there is none.
 */
export function readEnvironment(
  variables: Readonly<Record<string, string | undefined>>,
  readFile: (path: string) => string | null = () => null,
): EnvironmentSettings {
  const bitnami = new Map<string, string>();
  const plain = new Map<string, string>();
  const warnings: string[] = [];
  for (const [name, value] of Object.entries(variables)) {
    if (value === undefined || value === '') continue;
    if (name.startsWith('KAFKA_CFG_')) bitnami.set(keyOf(name.slice('KAFKA_CFG_'.length)), value);
    else if (SECRET_FILES.test(name)) takeSecret(name, `${SECRETS}/${value}`, { plain, warnings, readFile });
    else if (isKey(name)) plain.set(keyOf(name.slice('KAFKA_'.length)), value);
  }
  const clusterId = variables.CLUSTER_ID || variables.KAFKA_CLUSTER_ID || variables.KAFKA_KRAFT_CLUSTER_ID;
  const createTopics: TopicToCreate[] = [];
  for (const entry of (variables.KAFKA_CREATE_TOPICS ?? '').split(/[\s,]+/).filter(Boolean)) {
    const previous = createTopics.at(-1);
    // orders:3:1:compact,delete: the comma is within the policy, which is a list itself.
    if (previous?.cleanupPolicy !== undefined && /^(compact|delete)$/.test(entry)) {
      createTopics[createTopics.length - 1] = { ...previous, cleanupPolicy: `${previous.cleanupPolicy},${entry}` };
      continue;
    }
    const topic = topicToCreate(entry);
    if (topic !== undefined) createTopics.push(topic);
    else warnings.push(`KAFKA_CREATE_TOPICS: '${entry}' is ignored: write name:partitions:replicas[:cleanup]`);
  }
  return { values: new Map([...bitnami, ...plain]), ...(clusterId ? { clusterId } : {}), createTopics, warnings };
}

interface Taking {
  readonly plain: Map<string, string>;
  readonly warnings: string[];
  readonly readFile: (path: string) => string | null;
}

function takeSecret(name: string, path: string, { plain, warnings, readFile }: Taking): void {
  const [, store, what] = SECRET_FILES.exec(name)!;
  if (what === 'FILENAME') return void plain.set(`ssl.${store.toLowerCase()}.location`, path);
  const secret = readFile(path);
  if (secret === null) warnings.push(`${name} is ignored: there is no file ${path}`);
  else plain.set(`ssl.${store.toLowerCase()}.password`, secret.trim());
}

function isKey(name: string): boolean {
  return (
    name.startsWith('KAFKA_') &&
    !NOT_KEYS.has(name) &&
    !BITNAMI.test(name) &&
    !NOT_KEY_PREFIXES.some((prefix) => name.startsWith(prefix))
  );
}

const UNDERSCORES: Readonly<Record<number, string>> = { 1: '.', 2: '_', 3: '-' };

function keyOf(rest: string): string {
  return rest.toLowerCase().replace(/_+/g, (run) => UNDERSCORES[run.length] ?? run);
}

function topicToCreate(entry: string): TopicToCreate | undefined {
  const match = /^([A-Za-z0-9._-]{1,249})(?::(\d+)(?::(\d+)(?::([a-z]+))?)?)?$/.exec(entry);
  if (match === null) return undefined;
  const [partitions, replicas] = [Number(match[2] ?? 1), Number(match[3] ?? 1)];
  if (partitions < 1 || replicas < 1) return undefined;
  return { name: match[1], partitions, replicas, ...(match[4] === undefined ? {} : { cleanupPolicy: match[4] }) };
}
