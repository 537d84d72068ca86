/** Whom a broker asks for the metadata log while it does not know who the active controller is. */
import { expect, test } from 'vitest';
import { ControllerQuorum, type Address } from '../../src/peers/controller-quorum.ts';
import { VirtualClock } from '../../src/platform/clock.ts';

const at = (port: number): Address => ({ host: 'h', port });
const [OWN, DEAD, NEXT] = [at(1), at(2), at(3)];

/** One whose active controller has just failed, and which has only its own standby to ask. */
function afterFailure(): ControllerQuorum {
  const quorum = new ControllerQuorum([OWN], new VirtualClock());
  quorum.found(DEAD);
  quorum.failed(DEAD);
  return quorum;
}

test('a controller that has failed is not asked again because a standby names it still', () => {
  const quorum = afterFailure();
  for (let i = 0; i < 7; i++) {
    expect(quorum.candidate()).toBe(OWN);
    quorum.lost(DEAD);
  }
  expect(quorum.candidate()).toBe(OWN);
});

test('it is asked again after some times, for it may be back', () => {
  const quorum = afterFailure();
  const asked = Array.from({ length: 9 }, () => {
    quorum.lost(DEAD);
    return quorum.candidate();
  });
  expect(asked.filter((each) => each === DEAD)).toHaveLength(2);
  expect(asked.indexOf(DEAD)).toBe(7);
});

test('it is asked at once where it has begun a new term, and so is another one that is named', () => {
  const quorum = afterFailure();
  quorum.lost(DEAD, true);
  expect(quorum.candidate()).toBe(DEAD);
  quorum.lost(NEXT);
  expect(quorum.candidate()).toBe(NEXT);
});

test('nothing is held against one that has answered since', () => {
  const quorum = afterFailure();
  quorum.found(DEAD);
  quorum.lost(null);
  quorum.lost(DEAD);
  expect(quorum.candidate()).toBe(DEAD);
});
