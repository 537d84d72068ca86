/** What has gone through a partition since the broker started; counted always, looked at by whoever shows metrics. */
export class PartitionStats {
  messagesIn = 0;
  /** Of records, as they came. */
  bytesIn = 0;
  /** Of records, as they went to consumers. */
  bytesOut = 0;
}

/** Of all partitions, those that are not there among them. */
export class Failures {
  produce = 0;
  fetch = 0;
}
