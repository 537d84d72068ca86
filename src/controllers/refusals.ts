/** What etcd's refusals mean to whoever runs the cluster: its own words, and what to do. PURE. */
import { Code } from '../etcd/channel.ts';

interface Refusal {
  readonly code: number;
  readonly message: string;
}

const OF_USER = 'correct ottla.etcd.user and ottla.etcd.password.file';

/** Of a few refusals etcd's code alone says nothing. */
const BY_WORDS: readonly (readonly [RegExp, string])[] = [[/user name is empty|authentication failed/, OF_USER]];

const BY_CODE: Readonly<Record<number, string>> = {
  [Code.resourceExhausted]:
    'compact and defragment etcd, raise its --quota-backend-bytes, then run `etcdctl alarm disarm`',
  [Code.permissionDenied]: 'grant the user readwrite on ottla.etcd.prefix (`etcdctl role grant-permission --prefix`)',
  [Code.unauthenticated]: OF_USER,
};

export function whatToDo({ code, message }: Refusal): string {
  const next = BY_WORDS.find(([words]) => words.test(message))?.[1] ?? BY_CODE[code];
  return next === undefined ? message : `${message}: ${next}`;
}
