/** Quotas of clients, which are settings of users and client ids, by Kafka's names (KIP-13, KIP-124, KIP-599). PURE. */
export const QUOTA_NAMES = [
  'producer_byte_rate',
  'consumer_byte_rate',
  'request_percentage',
  'controller_mutation_rate',
] as const;

export type QuotaName = (typeof QUOTA_NAMES)[number];
