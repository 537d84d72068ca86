/** Coordinators are made when they are asked for the first time. */
import { setTimeout as wait } from 'node:timers/promises';
import { FindCoordinator } from '../../protocol/apis/10-find-coordinator.ts';
import type { Target } from './input.ts';

export const CoordinatorType = { group: 0, transaction: 1 } as const;

const LOOK_MS = 50;

/** Resolves once the internal topic has its leaders. */
export async function coordinatorIsThere(
  target: Target,
  keyType: (typeof CoordinatorType)[keyof typeof CoordinatorType],
): Promise<void> {
  const client = await target.connect();
  for (;;) {
    const { coordinators } = await client.send(FindCoordinator, 4, { keyType, coordinatorKeys: ['any'] });
    if (coordinators[0].errorCode === 0) return;
    await wait(LOOK_MS);
  }
}
