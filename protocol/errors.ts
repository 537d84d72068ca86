/** Every error code of the protocol: its number, whether a client may simply try again, and what it means. */

type Row = readonly [code: number, again: boolean, message: string];

const AGAIN = true;
const FINAL = false;

const rows = {
  UNKNOWN_SERVER_ERROR: [-1, FINAL, 'Something failed inside the broker that it has no code for; its log says what.'],
  NONE: [0, FINAL, 'No error.'],
  OFFSET_OUT_OF_RANGE: [1, FINAL, 'The partition has no such offset, or no longer: reset to its start or its end.'],
  CORRUPT_MESSAGE: [
    2,
    AGAIN,
    'The records are damaged: a wrong checksum, a wrong size, or no key where compaction needs one.',
  ],
  UNKNOWN_TOPIC_OR_PARTITION: [
    3,
    AGAIN,
    'This broker knows no such topic or partition: refresh metadata, or create it.',
  ],
  INVALID_FETCH_SIZE: [4, FINAL, 'The fetch asks for an impossible number of bytes.'],
  LEADER_NOT_AVAILABLE: [5, AGAIN, 'The partition has no leader right now: refresh metadata and try again.'],
  NOT_LEADER_OR_FOLLOWER: [
    6,
    AGAIN,
    'This broker is not the replica this request needs: refresh metadata and ask the leader.',
  ],
  REQUEST_TIMED_OUT: [7, AGAIN, 'The work did not end within the time the request gave.'],
  BROKER_NOT_AVAILABLE: [8, FINAL, 'That broker is not running.'],
  REPLICA_NOT_AVAILABLE: [9, AGAIN, 'This broker has no usable replica of the partition: refresh metadata.'],
  MESSAGE_TOO_LARGE: [
    10,
    FINAL,
    'A batch is larger than max.message.bytes of its topic: send less at once or raise the limit.',
  ],
  STALE_CONTROLLER_EPOCH: [11, FINAL, 'The request comes from a controller that has been replaced.'],
  OFFSET_METADATA_TOO_LARGE: [12, FINAL, 'The text committed with an offset is longer than offset.metadata.max.bytes.'],
  NETWORK_EXCEPTION: [13, AGAIN, 'The connection ended before the answer came.'],
  COORDINATOR_LOAD_IN_PROGRESS: [14, AGAIN, 'The coordinator still reads its state from its log: try again shortly.'],
  COORDINATOR_NOT_AVAILABLE: [15, AGAIN, 'There is no coordinator at the moment: look it up again.'],
  NOT_COORDINATOR: [16, AGAIN, 'Another broker coordinates this group or transactional id: look it up again.'],
  INVALID_TOPIC_EXCEPTION: [17, FINAL, 'The topic name is not allowed, or this cannot be done with such a topic.'],
  RECORD_LIST_TOO_LARGE: [
    18,
    FINAL,
    'The batch does not fit into one segment: send less at once or raise segment.bytes.',
  ],
  NOT_ENOUGH_REPLICAS: [
    19,
    AGAIN,
    'Fewer replicas are in sync than min.insync.replicas asks for; nothing was written.',
  ],
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: [
    20,
    AGAIN,
    'The records were written, but too few replicas were in sync to confirm them.',
  ],
  INVALID_REQUIRED_ACKS: [21, FINAL, 'acks may be 0, 1 or -1 (all).'],
  ILLEGAL_GENERATION: [22, FINAL, 'The group has moved on to another generation: join again.'],
  INCONSISTENT_GROUP_PROTOCOL: [23, FINAL, 'The member shares no protocol with the group, or names none at all.'],
  INVALID_GROUP_ID: [24, FINAL, 'The group id is not allowed, mostly because it is empty.'],
  UNKNOWN_MEMBER_ID: [25, FINAL, 'The group has no such member, or no longer: join again.'],
  INVALID_SESSION_TIMEOUT: [
    26,
    FINAL,
    'The session timeout lies outside group.min.session.timeout.ms to group.max.session.timeout.ms.',
  ],
  REBALANCE_IN_PROGRESS: [27, FINAL, 'The group rebalances: join again.'],
  INVALID_COMMIT_OFFSET_SIZE: [28, FINAL, 'The offset commit is too large to be stored.'],
  TOPIC_AUTHORIZATION_FAILED: [29, FINAL, 'Topic authorization failed.'],
  GROUP_AUTHORIZATION_FAILED: [30, FINAL, 'Group authorization failed.'],
  CLUSTER_AUTHORIZATION_FAILED: [31, FINAL, 'Cluster authorization failed.'],
  INVALID_TIMESTAMP: [
    32,
    FINAL,
    'A record is older or newer than its topic allows (message.timestamp.before/after.max.ms).',
  ],
  UNSUPPORTED_SASL_MECHANISM: [
    33,
    FINAL,
    'The broker does not offer this SASL mechanism; its handshake lists those it does.',
  ],
  ILLEGAL_SASL_STATE: [34, FINAL, 'This request has no place at this point of the authentication.'],
  UNSUPPORTED_VERSION: [
    35,
    FINAL,
    'The broker does not serve this version of the API; ApiVersions says which it does.',
  ],
  TOPIC_ALREADY_EXISTS: [36, FINAL, 'There is a topic of this name already.'],
  INVALID_PARTITIONS: [
    37,
    FINAL,
    'The number of partitions is not possible here: at least 1, and never fewer than before.',
  ],
  INVALID_REPLICATION_FACTOR: [
    38,
    FINAL,
    'The replication factor must be at least 1 and at most the number of brokers.',
  ],
  INVALID_REPLICA_ASSIGNMENT: [39, FINAL, 'The partitions cannot be placed on brokers in this way.'],
  INVALID_CONFIG: [40, FINAL, 'A configuration key or value is not valid.'],
  NOT_CONTROLLER: [41, AGAIN, 'Another node is the controller: refresh metadata and ask that one.'],
  INVALID_REQUEST: [42, FINAL, 'The request contradicts itself or the protocol; the broker log may say where.'],
  UNSUPPORTED_FOR_MESSAGE_FORMAT: [43, FINAL, 'The stored record format is too old for this request.'],
  POLICY_VIOLATION: [44, FINAL, 'A policy of this cluster forbids it.'],
  OUT_OF_ORDER_SEQUENCE_NUMBER: [45, FINAL, 'Batches of this producer are missing before this one.'],
  DUPLICATE_SEQUENCE_NUMBER: [46, FINAL, 'The broker has had this batch of the producer already.'],
  INVALID_PRODUCER_EPOCH: [47, FINAL, 'A newer instance has taken over this producer id.'],
  INVALID_TXN_STATE: [48, FINAL, 'The transaction is in a state in which this cannot be done.'],
  INVALID_PRODUCER_ID_MAPPING: [
    49,
    FINAL,
    'The transactional id belongs to another producer id: initialize the producer again.',
  ],
  INVALID_TRANSACTION_TIMEOUT: [
    50,
    FINAL,
    'The transaction timeout is not positive, or above transaction.max.timeout.ms.',
  ],
  CONCURRENT_TRANSACTIONS: [
    51,
    AGAIN,
    'The previous step of this transactional id is not finished: try again shortly.',
  ],
  TRANSACTION_COORDINATOR_FENCED: [52, FINAL, 'The markers come from a coordinator that has been replaced.'],
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: [53, FINAL, 'Transactional Id authorization failed.'],
  SECURITY_DISABLED: [54, FINAL, 'This cluster has no authorizer, so it has no ACLs: set authorizer.class.name.'],
  OPERATION_NOT_ATTEMPTED: [55, FINAL, 'Not tried, because another part of the same request failed.'],
  KAFKA_STORAGE_ERROR: [56, AGAIN, 'The disk under the log of this partition failed.'],
  LOG_DIR_NOT_FOUND: [57, FINAL, 'The broker has no such directory in log.dirs.'],
  SASL_AUTHENTICATION_FAILED: [58, FINAL, 'The credentials were not accepted.'],
  UNKNOWN_PRODUCER_ID: [59, FINAL, 'The partition has forgotten this producer id, as its records have been deleted.'],
  REASSIGNMENT_IN_PROGRESS: [60, FINAL, 'The replicas of this partition are being moved: wait, or cancel it.'],
  DELEGATION_TOKEN_AUTH_DISABLED: [61, FINAL, 'Delegation tokens are off: set delegation.token.secret.key.'],
  DELEGATION_TOKEN_NOT_FOUND: [62, FINAL, 'There is no such delegation token.'],
  DELEGATION_TOKEN_OWNER_MISMATCH: [63, FINAL, 'This principal neither owns the delegation token nor may renew it.'],
  DELEGATION_TOKEN_REQUEST_NOT_ALLOWED: [
    64,
    FINAL,
    'Delegation tokens are not handed out over a connection authenticated like this one.',
  ],
  DELEGATION_TOKEN_AUTHORIZATION_FAILED: [65, FINAL, 'This principal may not do that with the delegation token.'],
  DELEGATION_TOKEN_EXPIRED: [66, FINAL, 'The delegation token is past its time.'],
  INVALID_PRINCIPAL_TYPE: [67, FINAL, 'Principals of this type cannot own or renew a delegation token.'],
  NON_EMPTY_GROUP: [68, FINAL, 'The group still has members: stop them first.'],
  GROUP_ID_NOT_FOUND: [69, FINAL, 'There is no such group, or none of this type.'],
  FETCH_SESSION_ID_NOT_FOUND: [
    70,
    AGAIN,
    'The broker has dropped this fetch session: begin another with a full fetch.',
  ],
  INVALID_FETCH_SESSION_EPOCH: [71, AGAIN, 'A fetch of this session is missing or came twice: begin another session.'],
  LISTENER_NOT_FOUND: [72, AGAIN, 'The leader has no listener of the name this client came through.'],
  TOPIC_DELETION_DISABLED: [73, FINAL, 'Topics cannot be deleted here (delete.topic.enable).'],
  FENCED_LEADER_EPOCH: [74, AGAIN, 'The client knows an older leader than the broker does: refresh metadata.'],
  UNKNOWN_LEADER_EPOCH: [75, AGAIN, 'The client knows a newer leader than the broker does yet: try again.'],
  UNSUPPORTED_COMPRESSION_TYPE: [
    76,
    FINAL,
    'This version of the API cannot carry the codec of these records: use a newer one.',
  ],
  STALE_BROKER_EPOCH: [77, FINAL, 'The broker has registered anew since it sent this.'],
  OFFSET_NOT_AVAILABLE: [78, AGAIN, 'A leader just elected does not know its high watermark yet: try again.'],
  MEMBER_ID_REQUIRED: [79, FINAL, 'Join again with the member id that comes with this answer.'],
  PREFERRED_LEADER_NOT_AVAILABLE: [80, AGAIN, 'The preferred replica is not there or not in sync, so it cannot lead.'],
  GROUP_MAX_SIZE_REACHED: [81, FINAL, 'The group has as many members as group.max.size allows.'],
  FENCED_INSTANCE_ID: [82, FINAL, 'Another process joined with the same group.instance.id and has taken its place.'],
  ELIGIBLE_LEADERS_NOT_AVAILABLE: [83, AGAIN, 'No replica that may lead the partition is there.'],
  ELECTION_NOT_NEEDED: [84, AGAIN, 'The partition already has the leader it should have.'],
  NO_REASSIGNMENT_IN_PROGRESS: [85, FINAL, 'No replicas of this partition are being moved.'],
  GROUP_SUBSCRIBED_TO_TOPIC: [
    86,
    FINAL,
    'The group reads this topic, so its offsets stay: stop or resubscribe its members first.',
  ],
  INVALID_RECORD: [87, FINAL, 'The broker does not take one of the records; the answer names which.'],
  UNSTABLE_OFFSET_COMMIT: [88, AGAIN, 'A transaction that commits these offsets is still open: try again.'],
  THROTTLING_QUOTA_EXCEEDED: [89, AGAIN, 'The quota is used up: wait the throttle time, then try again.'],
  PRODUCER_FENCED: [90, FINAL, 'A newer producer uses the same transactional id: this one must end.'],
  RESOURCE_NOT_FOUND: [91, FINAL, 'The request names a thing that does not exist.'],
  DUPLICATE_RESOURCE: [92, FINAL, 'The request names the same thing twice.'],
  UNACCEPTABLE_CREDENTIAL: [93, FINAL, 'The credential does not meet what the cluster demands of one.'],
  INCONSISTENT_VOTER_SET: [94, FINAL, 'Sender and receiver do not agree on who votes.'],
  INVALID_UPDATE_VERSION: [95, FINAL, 'The feature cannot be set to this version.'],
  FEATURE_UPDATE_FAILED: [96, FINAL, 'The features could not be changed; the controller log says why.'],
  PRINCIPAL_DESERIALIZATION_FAILURE: [
    97,
    FINAL,
    'The controller cannot read the principal of a forwarded request: check principal.builder.class.',
  ],
  SNAPSHOT_NOT_FOUND: [98, FINAL, 'There is no such snapshot.'],
  POSITION_OUT_OF_RANGE: [99, FINAL, 'The position lies outside the snapshot.'],
  UNKNOWN_TOPIC_ID: [100, AGAIN, 'This broker knows no topic with this id: refresh metadata.'],
  DUPLICATE_BROKER_REGISTRATION: [101, FINAL, 'A running broker has this id already: choose another node.id.'],
  BROKER_ID_NOT_REGISTERED: [102, FINAL, 'No broker with this id is registered.'],
  INCONSISTENT_TOPIC_ID: [
    103,
    AGAIN,
    'The log belongs to another topic id, as the topic was deleted and created again: refresh metadata.',
  ],
  INCONSISTENT_CLUSTER_ID: [104, FINAL, 'The request is meant for another cluster.'],
  TRANSACTIONAL_ID_NOT_FOUND: [105, FINAL, 'There is no such transactional id.'],
  FETCH_SESSION_TOPIC_ID_ERROR: [106, AGAIN, 'The fetch session mixes topic names and topic ids: begin another.'],
  INELIGIBLE_REPLICA: [107, FINAL, 'A replica that may not be in sync is named as such.'],
  NEW_LEADER_ELECTED: [108, FINAL, 'The change was made, and with it the partition got another leader.'],
  OFFSET_MOVED_TO_TIERED_STORAGE: [109, FINAL, 'The offset now lies in tiered storage only.'],
  FENCED_MEMBER_EPOCH: [
    110,
    FINAL,
    'The coordinator has moved on without this member: give up all partitions and join again.',
  ],
  UNRELEASED_INSTANCE_ID: [111, FINAL, 'A live member still has this instance id: it must leave first.'],
  UNSUPPORTED_ASSIGNOR: [112, FINAL, 'The broker has no such assignor; group.consumer.assignors lists those it has.'],
  STALE_MEMBER_EPOCH: [113, FINAL, 'The member epoch is old: take the one of the last heartbeat and try again.'],
  MISMATCHED_ENDPOINT_TYPE: [114, FINAL, 'A broker was asked what only a controller answers, or the other way round.'],
  UNSUPPORTED_ENDPOINT_TYPE: [115, FINAL, 'The broker cannot list endpoints of this type.'],
  UNKNOWN_CONTROLLER_ID: [116, FINAL, 'There is no controller with this id.'],
  UNKNOWN_SUBSCRIPTION_ID: [117, FINAL, 'The telemetry subscription has changed: ask for it again.'],
  TELEMETRY_TOO_LARGE: [118, FINAL, 'The pushed metrics are larger than telemetry.max.bytes.'],
  INVALID_REGISTRATION: [119, FINAL, 'The controller does not accept this broker; its log says why.'],
  TRANSACTION_ABORTABLE: [120, FINAL, 'The transaction has failed: abort it, and the producer may go on.'],
  INVALID_RECORD_STATE: [
    121,
    FINAL,
    'The records are not in a state in which they can be acknowledged, mostly as their lock has run out.',
  ],
  SHARE_SESSION_NOT_FOUND: [122, AGAIN, 'The broker has dropped this share session: begin another.'],
  INVALID_SHARE_SESSION_EPOCH: [
    123,
    AGAIN,
    'A request of this share session is missing or came twice: begin another session.',
  ],
  FENCED_STATE_EPOCH: [124, FINAL, 'The state epoch is not the one that the coordinator has.'],
  INVALID_VOTER_KEY: [125, FINAL, 'The request is meant for another voter than this one.'],
  DUPLICATE_VOTER: [126, FINAL, 'This voter is one already.'],
  VOTER_NOT_FOUND: [127, FINAL, 'There is no such voter.'],
  INVALID_REGULAR_EXPRESSION: [128, FINAL, 'The subscription is not a regular expression in RE2 syntax.'],
  REBOOTSTRAP_REQUIRED: [129, FINAL, 'What the client knows is too old: connect again by its bootstrap servers.'],
  STREAMS_INVALID_TOPOLOGY: [130, FINAL, 'The topology cannot be run.'],
  STREAMS_INVALID_TOPOLOGY_EPOCH: [131, FINAL, 'The topology epoch is not one the group can have.'],
  STREAMS_TOPOLOGY_FENCED: [132, FINAL, 'The group runs a newer topology: update this instance.'],
  SHARE_SESSION_LIMIT_REACHED: [133, AGAIN, 'The broker has as many share sessions as it may: try again later.'],
  GROUP_DELETION_FAILED: [134, FINAL, 'The group could not be deleted; the message of its result says why.'],
  STREAMS_TOPOLOGY_DESCRIPTION_UPDATE_FAILED: [
    135,
    FINAL,
    'The description of the topology could not be kept; the message says why.',
  ],
  CONTROLLER_ID_NOT_REGISTERED: [136, FINAL, 'No controller has this id.'],
} as const satisfies Record<string, Row>;

export type ErrorName = keyof typeof rows;

/** The numbers by Kafka's names: ErrorCode.NOT_COORDINATOR is 16. */
export const ErrorCode = Object.fromEntries(Object.entries(rows).map(([name, row]) => [name, row[0]])) as {
  readonly [Name in ErrorName]: (typeof rows)[Name][0];
};

const byCode = new Map<number, { name: ErrorName; row: Row }>(
  Object.entries(rows).map(([name, row]) => [row[0], { name: name as ErrorName, row }]),
);

/** Kafka's name of a code; 'UNKNOWN_SERVER_ERROR' for a number that is none, as Kafka's clients take it. */
export function errorName(code: number): ErrorName {
  return byCode.get(code)?.name ?? 'UNKNOWN_SERVER_ERROR';
}

/** A sentence for people, for the errorMessage fields of responses. */
export function errorMessage(code: number): string {
  return (byCode.get(code)?.row ?? rows.UNKNOWN_SERVER_ERROR)[2];
}

/** The same for fields that are null where nothing is wrong. */
export function errorMessageOrNull(code: number): string | null {
  return code === ErrorCode.NONE ? null : errorMessage(code);
}

/** Whether Kafka's clients send the same request again on this code. */
export function isRetriable(code: number): boolean {
  return byCode.get(code)?.row[1] ?? false;
}
