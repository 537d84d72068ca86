/** What groups know of the cluster's topics. */
export interface GroupTopic {
  readonly id: string;
  readonly name: string;
  readonly partitions: readonly unknown[];
}

/** The cluster as of one revision; its maps are others after every change of a topic. */
export interface GroupTopics {
  readonly revision: number;
  readonly topicsByName: ReadonlyMap<string, GroupTopic>;
  readonly topicsById: ReadonlyMap<string, GroupTopic>;
}
