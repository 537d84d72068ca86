/** Who looks, and what the page is for them. */
import { signal, type Signal } from '@preact/signals';
import type { PageAccess, SessionFrame } from '../src/page/frames.ts';
import { report } from './report.ts';

/** Null until it is known. A report has nobody who could change anything. */
export const session: Signal<SessionFrame | null> = signal(
  report === null ? null : { access: 'read', isTest: 'test' in report.views, asks: false, user: null },
);

export async function askSession(): Promise<void> {
  if (report !== null) return;
  const answer = await fetch('session').catch(() => null); // whoever is gone is told of by the views
  if (answer?.ok === true) session.value = (await answer.json()) as SessionFrame;
}

const DEGREES: readonly PageAccess[] = ['read', 'write', 'test'];

/** Whether the page lets people do this; what one person may do, the broker says when they do it. */
export function offers(wanted: PageAccess): boolean {
  const access = session.value?.access ?? 'read';
  return DEGREES.indexOf(access) >= DEGREES.indexOf(wanted);
}

export async function post(path: string, said: object, signal: AbortSignal | null = null): Promise<Response> {
  return fetch(path, {
    signal,
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(said),
  });
}
