/** Gives topics more partitions; they can be written to when the answer leaves. */
import { CreatePartitions } from '../../protocol/apis/37-create-partitions.ts';
import { errorMessage } from '../../protocol/errors.ts';
import { handler } from './handler.ts';

export const createPartitions = handler(CreatePartitions, {
  handle: async ({ topics, validateOnly }, { broker }) => ({
    results: await broker.controller.createPartitions(topics, { validateOnly }),
  }),
  refuse: ({ topics }, errorCode) => ({
    results: topics.map(({ name }) => ({ name, errorCode, errorMessage: errorMessage(errorCode) })),
  }),
});
