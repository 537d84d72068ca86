/**
 * The settings of one listener: `listener.name.<listener>.<key>` over `<key>`, and for a SASL mechanism
 * `listener.name.<listener>.<mechanism>.<key>` over both. Environment variables have one character for dots, underscores and dashes, so
 * that names are the same here whichever of them they hold, and in any case.
 */
import { parseValue, type Definition } from './definition.ts';
import { effectiveText, type BrokerLayers } from './layers.ts';
import { serverKeys, type ServerConfig, type ServerKey } from './server.ts';

const PREFIX = 'listener.name.';

export class ListenerSettings {
  /** As it is told in messages. */
  readonly listener: string;
  readonly #layers: () => BrokerLayers;

  constructor(layers: () => BrokerLayers, listener: string) {
    this.#layers = layers;
    this.listener = listener;
  }

  /** The key by which a setting of this listener is given. */
  nameOf(key: string, mechanism?: string): string {
    const middle = mechanism === undefined ? '' : `${mechanism.toLowerCase()}.`;
    return `${PREFIX}${this.listener.toLowerCase()}.${middle}${key}`;
  }

  /** The text given for this listener itself, and for the mechanism where there is one; null: none. */
  own(key: string, mechanism?: string): string | null {
    const name = this.nameOf(key, mechanism);
    const { broker, cluster, static: given } = this.#layers();
    for (const layer of [broker, cluster, given]) {
      const text = layer.get(name) ?? loosely(layer).get(loose(name));
      if (text !== undefined) return text;
    }
    return null;
  }

  /** The text in force; null where there is none, and no default. */
  text(key: ServerKey, mechanism?: string): string | null {
    const ofMechanism = mechanism === undefined ? null : this.own(key, mechanism);
    return ofMechanism ?? this.own(key) ?? effectiveText(this.#layers(), key);
  }

  /** The value in force. @throws {ConfigError} where the text is none of the key's type */
  value<Key extends ServerKey>(key: Key, mechanism?: string): ServerConfig[Key] {
    const text = this.text(key, mechanism);
    const definition: Definition = serverKeys[key];
    const value = text === null ? definition.defaultValue : parseValue(this.nameOf(key, mechanism), definition, text);
    return value as ServerConfig[Key];
  }
}

function loose(name: string): string {
  return name.toLowerCase().replace(/[._-]+/g, '.');
}

/** Layers never change. */
const LOOSE = new WeakMap<ReadonlyMap<string, string>, ReadonlyMap<string, string>>();

function loosely(layer: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const known = LOOSE.get(layer);
  if (known !== undefined) return known;
  const made = new Map<string, string>();
  for (const [name, text] of layer) if (name.toLowerCase().startsWith(PREFIX)) made.set(loose(name), text);
  LOOSE.set(layer, made);
  return made;
}
