/** Settings of a broker as flags give them: one by one with --set, or in a file with --config. */
import { parseProperties } from '../config/properties.ts';
import { nodeFiles } from '../platform/files.ts';
import { UsageError } from './usage.ts';

/** Those of --set; the last one of a key counts. */
export function settingsGiven(texts: readonly string[] = []): Map<string, string> {
  return new Map(
    texts.map((text) => {
      const equals = text.indexOf('=');
      if (equals < 1) throw new UsageError(`--set ${text}: write --set key=value`);
      return [text.slice(0, equals).trim(), text.slice(equals + 1).trim()];
    }),
  );
}

/** Those in the file of --config. */
export function settingsIn(path: string): Map<string, string> {
  if (!nodeFiles.exists(path)) throw new UsageError(`--config ${path}: there is no such file`);
  return parseProperties(nodeFiles.readAll(path).toString());
}
