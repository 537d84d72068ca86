/** Whether a broker may show itself: a page never shows more than its ports do, and it cannot ask yet who looks. */

interface Secured {
  readonly config: { readonly 'authorizer.class.name': string };
  readonly metadata: {
    readonly image: {
      readonly brokers: ReadonlyMap<
        number,
        { readonly listeners: readonly { readonly name: string; readonly securityProtocol: number }[] }
      >;
    };
  };
}

/** Why there can be no page, after 'no page: '; null where nothing asks clients who they are or what they may do. */
export function whyNoPage({ config, metadata }: Secured): string | null {
  const because = securedBy(config, metadata);
  return because === null ? null : `${because}, and the page cannot ask who you are yet`;
}

function securedBy(config: Secured['config'], { image }: Secured['metadata']): string | null {
  if (config['authorizer.class.name'] !== '') return 'authorizer.class.name asks what clients may do';
  for (const { listeners } of image.brokers.values()) {
    const secured = listeners.find(({ securityProtocol }) => securityProtocol !== 0);
    if (secured !== undefined) return `listener ${secured.name} asks clients who they are`;
  }
  return null;
}
