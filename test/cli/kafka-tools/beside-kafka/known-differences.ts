/** Where a tool, or what a broker answers it, means to differ from Apache Kafka, and why. Everything else is a defect. */
import type { Said } from './transcript.ts';

export interface KnownDifference {
  /** Fits the command line. */
  readonly where: RegExp;
  /** Fits the lines that only this side has. */
  readonly ottla?: RegExp;
  readonly kafka?: RegExp;
  /** The exit code here, where it is another. */
  readonly code?: number;
  readonly why: string;
}

export class KnownDifferences {
  readonly #all: readonly KnownDifference[];
  readonly #seen = new Set<KnownDifference>();

  constructor(all: readonly KnownDifference[]) {
    this.#all = all;
  }

  /** What Kafka said, where the other differs from it as is known; else the other as it is. */
  withoutThem(other: Said, kafka: Said): Said {
    const here = this.#all.filter(({ where }) => where.test(kafka.asked));
    const rest = (said: Said, side: 'ottla' | 'kafka'): string =>
      said.lines.filter((line) => !here.some((each) => each[side]?.test(line) === true)).join('\n');
    const codes = [kafka.code, ...here.flatMap(({ code }) => code ?? [])];
    if (!codes.includes(other.code) || rest(other, 'ottla') !== rest(kafka, 'kafka')) return other;
    for (const each of here) if (differs(each, other, kafka)) this.#seen.add(each);
    return kafka;
  }

  /** Those that were not found any more: they can go. */
  unseen(): string[] {
    return this.#all.filter((each) => !this.#seen.has(each)).map(({ where }) => String(where));
  }
}

function differs({ ottla, kafka: of, code }: KnownDifference, other: Said, kafka: Said): boolean {
  const [here, there] = [new Set(other.lines), new Set(kafka.lines)];
  return (
    (code !== undefined && other.code === code && kafka.code !== code) ||
    other.lines.some((line) => ottla?.test(line) === true && !there.has(line)) ||
    kafka.lines.some((line) => of?.test(line) === true && !here.has(line))
  );
}

export const MIN_INSYNC_REPLICAS: KnownDifference = {
  where: /^kafka-configs --describe/,
  ottla: /^\|   min\.insync\.replicas=/,
  kafka: /^\|   min\.insync\.replicas=/,
  why: 'A Kafka with eligible leader replicas (KIP-966) sets it for the cluster when it is formatted.',
};

/** Kafka's sentence and Ottla's. */
const otherwise = (where: RegExp, kafka: RegExp, ottla: RegExp, why: string): KnownDifference => ({
  where,
  kafka,
  ottla,
  why,
});

const WHAT_TO_WRITE = 'It says what to write instead.';

export const ofOwnTools: readonly KnownDifference[] = [
  MIN_INSYNC_REPLICAS,
  {
    where: /^kafka-configs --describe --entity-type topics$/,
    kafka: /(cleanup\.policy|compression\.type|segment\.bytes|unclean\.leader\.election\.enable)=/,
    ottla: /cleanup\.policy=/,
    why: 'Of topics that Kafka keeps its state in; here they are made when they are needed.',
  },
  otherwise(
    /^kafka-delegation-tokens --describe/,
    /not allowed on PLAINTEXT/,
    /are not handed out over a connection/,
    'The same in other words.',
  ),
  otherwise(/--config retention\.ms$/, /must be in the format/, /write key=value/, WHAT_TO_WRITE),
  otherwise(/--add-config retention\.ms$/, /must be in the format/, /write key=value/, WHAT_TO_WRITE),
  otherwise(/--replica-assignment x/, /For input string/, /write broker ids/, WHAT_TO_WRITE),
  otherwise(/--topic-id nonsense/, /decoded as 6 bytes/, /does not exist as expected/, 'The id is no id of a topic.'),
  otherwise(/--topic big/, /per request\.$/, /at most 10000 at a time/, 'It says how many may be asked for.'),
  otherwise(
    /--frobnicate/,
    /is not a recognized option/,
    /there is no --frobnicate here/,
    'It says which flags there are.',
  ),
  otherwise(
    /--describe --topic missing --all/,
    /All configs for topic missing|Error while executing|^!$/,
    /Error while executing|knows no such topic/,
    'Kafka says nothing but that it failed.',
  ),
  otherwise(/--add-config-file \/nowhere/, /./, /there is no such file/, 'It says what is wrong with the file.'),
  otherwise(/remote\.storage\.enable/, /remote log storage\.$/, /leave out remote/, 'It says what to do.'),
  otherwise(/--add-config listeners=/, /controller\.listener\.names/, /Ottla opens its listeners/, 'So it is here.'),
  otherwise(
    /--alter --broker 2 /,
    /Timed out waiting for a node assignment|Error while executing/,
    /send the request to broker 2|Error while executing/,
    'Kafka waits for a minute, and gives up.',
  ),
  otherwise(/--entity-type groups --entity-default/, /entity name must be/, /--entity-default cannot/, WHAT_TO_WRITE),
  otherwise(
    /--entity-type nonsense/,
    /Invalid entity type/,
    /Invalid entity type/,
    'It lists those that this tool has.',
  ),
  otherwise(/--describe --topic one --broker 1/, /Only 'users' and/, /cannot be used with/, WHAT_TO_WRITE),
  {
    where: /^kafka-console-producer --topic auto$/,
    ottla: /created topic 'auto'/,
    why: 'A topic that was misspelt is made, too: it says so.',
  },
  {
    where: /^kafka-console-producer --topic (three|bad\/name|one)$/,
    ottla: /INVALID_RECORD|INVALID_TOPIC_EXCEPTION|MESSAGE_TOO_LARGE/,
    code: 1,
    why: 'Records that were refused make it fail; Kafka logs them and ends with 0.',
  },
  otherwise(/--request-required-acks 7/, /Invalid value 7/, /write all, -1, 0 or 1/, WHAT_TO_WRITE),
  otherwise(/--compression-codec nonsense/, /Invalid value nonsense/, /write one of none/, WHAT_TO_WRITE),
  {
    where: /^kafka-console-consumer/,
    kafka: /consumer rebalance protocol \(KIP-848\)/,
    why: 'An advice for applications.',
  },
  {
    where: /^kafka-console-consumer .*--partition 5/,
    ottla: /has no partition 5/,
    code: 1,
    why: 'Kafka waits for records of a partition that is not there.',
  },
  {
    where: /--isolation-level nonsense/,
    ottla: /write read_committed/,
    why: WHAT_TO_WRITE,
  },
  {
    where: /^kafka-consumer-groups --(describe|reset-offsets)/,
    kafka: / one +3 .* 0 +0 +0 | three +[01] .* 0 +0 +0 /,
    why: 'Kafka commits a position in partitions that had nothing to read, too.',
  },
  otherwise(
    /^kafka-consumer-groups --describe .*--verbose/,
    /^\| g1 +one/,
    /^\| g1 +one/,
    'Its console consumer commits no leader epochs.',
  ),
  {
    where: /--describe --group g1 --group none/,
    ottla: /^\| g1|^\| GROUP|has no active members/,
    why: 'It shows those that are there before it fails.',
  },
  {
    where: /--describe --all-groups/,
    kafka: /^\| GROUP|^\| g[12] (one 3|three [01]) 0 0 0 /,
    ottla: /^\| GROUP/,
    why: 'Groups that have nothing to show get a heading; positions in partitions that had nothing to read are not committed.',
  },
  otherwise(/--reset-offsets .*--to-earliest$/, /^! WARN: No action/, /^! WARN: No action/, 'Nothing is announced.'),
  otherwise(/--by-duration nonsense/, /cannot be parsed to a Duration/, /write a duration such as/, WHAT_TO_WRITE),
  otherwise(/--to-datetime nonsense/, /Error parsing timestamp/, /write YYYY-MM-DD/, WHAT_TO_WRITE),
  otherwise(
    /--delete --group g3 --group new/,
    /was successful/,
    /was successful/,
    'In the order in which they were given.',
  ),
  otherwise(/--validate-regex t\($/, /missing closing/, /missing \) at character 3/, 'It says where.'),
  otherwise(/^kafka-share-groups --describe --group g2/, /is not a share group/, /not found/, 'No share group is g2.'),
  otherwise(
    /^kafka-get-offsets/,
    /^! (Error occurred: |Invalid rule)/,
    /^! (Invalid|--|Malformed)/,
    'The sentence alone.',
  ),
  otherwise(/--broker-list x/, /For input string/, /write ids of brokers/, WHAT_TO_WRITE),
  otherwise(/remove-controller/, /Cannot remove voter/, /does not change the quorum/, 'It does not have that.'),
  otherwise(
    /^kafka-broker-api-versions/,
    /StreamsGroup|Telemetry/,
    /StreamsGroup|Telemetry/,
    'As the broker advertises.',
  ),
  otherwise(/--election-type nonsense/, /Cannot parse argument/, /write preferred or unclean/, WHAT_TO_WRITE),
  otherwise(/--election-type preferred$/, /One and only one/, /write one of/, WHAT_TO_WRITE),
  otherwise(/^kafka-reassign/, /"log_dirs"/, /"log_dirs"/, 'It leaves the choice of directories to the broker.'),
  otherwise(/\{nowhere\.json\}/, /Unknown broker id 2/, /Unknown broker id 2/, 'Failures are said on stderr, once.'),
  otherwise(
    /--cancel$/,
    /moves are active/,
    /moves are active|Clearing broker-level/,
    'A line ends where the next begins.',
  ),
  otherwise(
    /^kafka-acls/,
    /No Authorizer is configured/,
    /No Authorizer is configured|Adding ACLs|principal=/,
    'Failures are said on stderr, once.',
  ),
];
