/** Where a setting says that keys or a token are. PURE. */
import { ConfigError } from '../../config/definition.ts';

/** @throws {ConfigError} for what is no URL that can be read */
export function documentUrl(key: string, text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url !== null && ['https:', 'http:', 'file:', 'data:'].includes(url.protocol)) return url;
  throw new ConfigError(`${key}=${text}: write a URL that begins with https, http or file`);
}
