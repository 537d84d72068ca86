/** Whether a broker may show itself: a page never shows more than its ports do, and asks people as they ask clients. */

type People = { readonly kind: 'anybody' | 'users' } | { readonly kind: 'nobody'; readonly because: string };

/** Why there can be no page, after 'no page: '; null where there can be one. */
export function whyNoPage(people: People): string | null {
  return people.kind === 'nobody' ? `${people.because}, and a browser cannot answer that` : null;
}
