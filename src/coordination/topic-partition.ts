/** A partition by the name of its topic, as coordinators speak of it in offsets and in transactions. */
export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}
