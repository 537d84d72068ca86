/** What has gone through a partition since the broker started; counted always, looked at by whoever shows metrics. */
export class PartitionStats {
  messagesIn = 0;
  /** Of records, as they came. */
  bytesIn = 0;
  /** Of records, as they went to consumers. */
  bytesOut = 0;
  /** Of records, as they went to followers. */
  replicationBytesOut = 0;
  /** Of records, as they came from the leader. */
  replicationBytesIn = 0;
  /** Records that its leader has committed and that a follower does not have yet, when it was told last. */
  replicaLag = 0;
}

/** What has become of proposals of in-sync replicas, of all partitions that this broker has led. */
export class IsrChanges {
  shrinks = 0;
  expands = 0;
  /** The controller did not take them. */
  failed = 0;
}

/** Of all partitions, those that are not there among them. */
export class Failures {
  produce = 0;
  fetch = 0;
}
