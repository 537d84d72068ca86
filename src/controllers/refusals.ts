/** What etcd's refusals mean to whoever runs the cluster: its own words, and what to do. PURE. */
import { Code } from '../etcd/channel.ts';

interface Refusal {
  readonly code: number;
  readonly message: string;
}

const NEXT: Readonly<Record<number, string>> = {
  [Code.resourceExhausted]:
    'etcd is full: compact and defragment it, raise --quota-backend-bytes, then run `etcdctl alarm disarm`',
  [Code.permissionDenied]: 'grant the user readwrite on ottla.etcd.prefix (`etcdctl role grant-permission --prefix`)',
  [Code.unauthenticated]: 'correct ottla.etcd.user and ottla.etcd.password.file',
};

export function whatToDo({ code, message }: Refusal): string {
  const next = NEXT[code];
  return next === undefined ? `The change was refused: ${message}` : `The change was refused: ${message}. ${next}`;
}
