/** All that can be changed from the page, by its name in POST /change/{name}. */
import type { Change } from './change.ts';
import { abortTransaction, disconnect } from './clients.ts';
import { deleteGroup, removeMember, resetOffsets } from './groups.ts';
import { produce, produceAgain } from './messages.ts';
import { changeSetting } from './settings.ts';
import { addFault, advanceClock, removeFault, reset } from './tests.ts';
import { alterTopic, createTopic, deleteTopic, emptyTopic } from './topics.ts';

export const changes: ReadonlyMap<string, Change> = new Map(
  Object.entries({
    'create-topic': createTopic,
    'alter-topic': alterTopic,
    'empty-topic': emptyTopic,
    'delete-topic': deleteTopic,
    produce,
    'produce-again': produceAgain,
    'reset-offsets': resetOffsets,
    'remove-member': removeMember,
    'delete-group': deleteGroup,
    disconnect,
    'abort-transaction': abortTransaction,
    'change-setting': changeSetting,
    'add-fault': addFault,
    'remove-fault': removeFault,
    'advance-clock': advanceClock,
    reset,
  }),
);
