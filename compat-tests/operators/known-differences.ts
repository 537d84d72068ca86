/** Steps after which Ottla's cluster is meant to say something else than Apache Kafka's, and why. */
export const knownDifferences: Readonly<Record<string, string>> = {};
