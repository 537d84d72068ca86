/** Where Ottla's cluster is meant to answer something else than Apache Kafka's, and why. */
export interface KnownDifference {
  readonly where: RegExp;
  readonly why: string;
  /** Now and then there is none. */
  readonly isByChance?: true;
}

export const knownDifferences: readonly KnownDifference[] = [
  {
    where: /^generate: /,
    why: 'The proposal begins at a broker by chance.',
    isByChance: true,
  },
  {
    where: /min\.insync\.replicas=1/,
    why: 'A Kafka with eligible leader replicas (KIP-966) sets it for the cluster when it is first started.',
  },
  {
    where: /min\.insync\.replicas"\]\.configSource: Ottla 5, Kafka 3$/,
    why: 'The same, as CreateTopics shows it.',
  },
  {
    where: /\.controllerId: /,
    why: 'A broker of Apache Kafka names any broker, by chance, and passes requests on; Ottla names the one beside the controller.',
  },
  {
    where: /^(status|replication): /,
    why: 'Each broker of Ottla has a controller; of Apache Kafka only the first has one here, and the others observe.',
  },
];

export function isKnown(sentence: string): boolean {
  return knownDifferences.some(({ where }) => where.test(sentence));
}
