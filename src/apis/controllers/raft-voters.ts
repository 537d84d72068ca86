/** What adding and removing voters is answered: those of the log are etcd's members. */
import { ErrorCode, errorMessage } from '../../../protocol/errors.ts';

const NEXT =
  'The metadata log lies in etcd, whose members vote: change those with `etcdctl member`. ' +
  'A controller joins and leaves by being started and stopped.';

export function votersAreInEtcd() {
  return { errorCode: ErrorCode.INVALID_REQUEST, errorMessage: NEXT };
}

export function refuse(_request: unknown, errorCode: number) {
  return { errorCode, errorMessage: errorMessage(errorCode) };
}
