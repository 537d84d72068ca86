import { array, int8, string, struct } from '../schema.ts';

const node = {
  name: string,
  /** 1 source, 2 processor, 3 sink. */
  nodeType: int8,
  /** Of a source; none where they are a pattern. */
  sourceTopics: array(string),
  /** Of a sink; null where each record decides. */
  sinkTopic: string.nullable().default(null),
  /** Of a processor. */
  stores: array(string),
  successors: array(string),
};

/** What a streams client says of its processing graph, for people to look at (KIP-1331). */
export const topologyDescription = {
  subtopologies: array({ subtopologyId: string, nodes: array(node) }),
  globalStores: array({ source: struct(node), processor: struct(node) }),
};
