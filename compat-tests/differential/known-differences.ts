/** Where Ottla means to answer otherwise than Apache Kafka 4.4.0, and why. Everything else is a defect. */
export interface KnownDifference {
  /** Fits the sentence of the difference: 'Api, case: versions path: Ottla …, Kafka …'. */
  readonly where: RegExp;
  /** The API and the case, for the page. */
  readonly about: readonly [api: string, what: string];
  readonly why: string;
}

export const knownDifferences: readonly KnownDifference[] = [
  {
    about: ['all', 'a message'],
    where: /[eE]rrorMessage: Ottla "<text>", Kafka (null|"")$/,
    why: 'Ottla says what is wrong where Kafka says nothing.',
  },
  {
    about: ['Produce, Fetch, ListOffsets, DeleteRecords, AlterReplicaLogDirs', 'a partition twice, or none'],
    where:
      /^(Produce|Fetch|ListOffsets|DeleteRecords|AlterReplicaLogDirs), ((one|a) partition twice|a topic without partitions|(of )?no partition): /,
    why: 'Kafka merges the entries of a request, and drops empty ones; Ottla answers each. No client sends this.',
  },
  {
    about: ['Fetch', 'aborted transactions of a partition with an error'],
    where: /abortedTransactions: Ottla (null, Kafka \[\]|\[\], Kafka null)$/,
    why: 'Both say that there are none; it is so of partitions with an error, where no client reads it.',
  },
  {
    about: ['Fetch', 'negative limits of bytes'],
    where: /^Fetch, negative bytes( in all)?: /,
    why: 'Kafka trips over them; Ottla takes them for no bytes.',
  },
  {
    about: ['Fetch', 'as a follower that is not registered'],
    where: /^Fetch, as a follower nobody knows: /,
    why: 'Followers come with replication.',
  },
  {
    about: ['Fetch', 'a topic without a name or an id'],
    where: /^Fetch, a topic without a name or id: .*errorCode: Ottla 3, Kafka 100$/,
    why: 'Both say that it is not there.',
  },
  {
    about: ['Metadata v0 to v3', 'a topic that is not there'],
    where: /^Metadata, (operations on )?a topic that is not there: v0-3 /,
    why: 'Created on demand; Kafka says try again at first, Ottla has it at once.',
  },
  {
    about: ['Produce', 'acks 2 and bad records'],
    where: /^Produce, with acks 2 and bad records: /,
    why: 'Both are wrong; Ottla looks at the acks first.',
  },
  {
    about: ['Produce', 'codecs and payloads that no producer writes'],
    where: /^Produce, (codec [57]|(gzip|snappy|lz4|zstd): (no payload|zeros behind it)): /,
    why: 'What Java makes of codecs and payloads that no producer writes.',
  },
  {
    about: ['Produce', 'gzip with a flipped byte'],
    where: /^Produce, gzip: a byte flipped in the middle: .*errorCode: Ottla -1, Kafka 87$/,
    why: 'Kafka takes the records apart as they come, and trips over one before it comes to the check sum of all.',
  },
  {
    about: ['JoinGroup, AlterConfigs', 'a protocol, or a resource, twice'],
    where: /^(JoinGroup, a protocol twice|AlterConfigs, a resource twice): /,
    why: 'Kafka trips over it and never answers.',
  },
  {
    about: ['DescribeTopicPartitions, IncrementalAlterConfigs', 'impossible names and operations'],
    where: /^(DescribeTopicPartitions, impossible names|IncrementalAlterConfigs, operation (9|-1)): /,
    why: 'Kafka trips over them and says UNKNOWN_SERVER_ERROR; Ottla says what is wrong.',
  },
  {
    about: ['Produce, AddPartitionsToTxn', 'the version of a transaction’s refusal'],
    where: /errorCode: Ottla (48|120), Kafka (48|120)$/,
    why: 'Kafka verifies several producers at once, and tells all by the version of one. Both say: abort the transaction.',
  },
  {
    about: ['Produce', 'in a transaction, without a producer id'],
    where: /^Produce, in a transaction, without a producer id: /,
    why: 'Kafka takes it, for a transaction that nothing ever ends; Ottla says that there is no such producer.',
  },
  {
    about: ['Produce', 'in a transaction, with an empty transactional id'],
    where: /^Produce, in a transaction, with an empty transactional id: .*errorCode: Ottla 42, Kafka 19$/,
    why: 'Kafka verifies one producer of a transactional id at a time, and has another that comes meanwhile ask again; the versions of a case are asked at once.',
  },
  {
    about: ['AddPartitionsToTxn', 'no transactions'],
    where: /^AddPartitionsToTxn, no transactions: /,
    why: 'Kafka never answers.',
  },
  {
    about: ['DescribeConfigs', 'min.insync.replicas'],
    where:
      /(configs\["min\.insync\.replicas"\]|^DescribeConfigs, all brokers: .*configs: Ottla \[\], Kafka \[{"name":"min\.insync)/,
    why: 'A Kafka with eligible leader replicas (KIP-966) sets it for the cluster when it is first started.',
  },
  {
    about: ['JoinGroup', 'a protocol without a name'],
    where: /^JoinGroup, a protocol without a name: .*protocolName: Ottla "", Kafka null$/,
    why: 'No client has such a protocol.',
  },
  {
    about: ['DescribeShareGroupOffsets', 'a partition that there is not'],
    where: /^DescribeShareGroupOffsets, (a partition that there is not|made up from seed \d+): .*, Kafka "no answer"$/,
    why: 'Kafka asks its share coordinator again for half a minute, longer than a case waits, and then answers as Ottla does at once.',
  },
  {
    about: ['Produce', 'null records'],
    where: /^Produce, null records: /,
    why: 'Kafka trips over them and never answers.',
  },
  {
    about: ['Produce', 'a wrong offset delta in a record'],
    where: /^Produce, a wrong offset delta in a record: /,
    why: 'Kafka takes uncompressed records that do not count 0, 1, 2, …; consumers then skip or repeat some.',
  },
];
