import { api, array, bool, int16, int32, int53, string } from '../schema.ts';

const addPartitionsToTxnTopic = {
  name: string,
  partitions: array(int32),
};

const addPartitionsToTxnTopicResult = {
  name: string,
  resultsByPartition: array({ partitionIndex: int32, partitionErrorCode: int16 }),
};

/** Takes partitions into a transaction: for clients one transaction, between brokers many (KIP-890). */
export const AddPartitionsToTxn = api(24, 'AddPartitionsToTxn', {
  versions: '0-5', // v3 flexible; v4 many transactions, verifyOnly; v5 TRANSACTION_ABORTABLE
  flexible: '3+',
  request: {
    transactions: array({
      transactionalId: string,
      producerId: int53,
      producerEpoch: int16,
      /** Only asks whether the partitions are in the transaction. */
      verifyOnly: bool.default(false),
      topics: array(addPartitionsToTxnTopic),
    })
      .versions('4+')
      .default([]),
    v3AndBelowTransactionalId: string.versions('0-3').default(''),
    v3AndBelowProducerId: int53.versions('0-3').default(0),
    v3AndBelowProducerEpoch: int16.versions('0-3').default(0),
    v3AndBelowTopics: array(addPartitionsToTxnTopic).versions('0-3').default([]),
  },
  response: {
    throttleTimeMs: int32.default(0),
    errorCode: int16.versions('4+').default(0),
    resultsByTransaction: array({
      transactionalId: string,
      topicResults: array(addPartitionsToTxnTopicResult),
    })
      .versions('4+')
      .default([]),
    resultsByTopicV3AndBelow: array(addPartitionsToTxnTopicResult).versions('0-3').default([]),
  },
});
