/** The language the tables of configuration keys are written in, and the reading of values against them. */

export type ConfigType = 'boolean' | 'int' | 'short' | 'long' | 'double' | 'string' | 'list' | 'class' | 'password';
export type Importance = 'high' | 'medium' | 'low';
/** Whether a broker key may change while the broker runs: for one broker, or only for the whole cluster. */
export type UpdateMode = 'read-only' | 'per-broker' | 'cluster-wide';
export type ConfigValue = boolean | number | string | readonly string[] | null;

/** What a value must hold to, and how the key is shown. Kafka's own ranges; `medium` and `read-only` unless told. */
export interface Rules {
  importance?: Importance;
  update?: UpdateMode;
  min?: number;
  max?: number;
  /** One value outside the range that is allowed nevertheless (`compression.gzip.level` takes -1). */
  or?: number;
  /** The only strings, or list elements, allowed. */
  oneOf?: readonly string[];
  /** `oneOf` disregards upper and lower case. */
  anyCase?: boolean;
  /** The text, or the list, must hold something. */
  nonEmpty?: boolean;
  /** A list that Kafka reads with a validator of its own: repetitions stay (elsewhere they count once, KIP-1161). */
  keepsRepetitions?: boolean;
  /** A list of `partition:broker` pairs, or `*` for all. */
  throttledReplicas?: boolean;
  /** `latest`, `earliest`, or `by_duration:` with an ISO 8601 duration that is not negative. */
  offsetReset?: boolean;
  /** Kafka demands a value; the one in the table is what Ottla takes when none is given. */
  required?: boolean;
  /** Kafka accepts the key and never lists it. */
  internal?: boolean;
  /** The broker key a topic key falls back to. */
  broker?: string;
}

export interface Definition<Value extends ConfigValue = ConfigValue> extends Readonly<Rules> {
  readonly type: ConfigType;
  readonly importance: Importance;
  readonly update: UpdateMode;
  /** As DescribeConfigs prints it; longs keep all their digits here. */
  readonly defaultText: string | null;
  /** For code; longs beyond 2^53 are saturated. */
  readonly defaultValue: Value;
  /** One sentence or two, for people. */
  readonly documentation: string;
}

export type Table = Readonly<Record<string, Definition>>;
/** A table's values by key, each of its own type. */
export type ValuesOf<T extends Table> = { readonly [Key in keyof T]: T[Key]['defaultValue'] };

/** Java's Long.MAX_VALUE: how Kafka spells "no limit". */
export const NO_LIMIT = '9223372036854775807';

/** A value that a table does not allow; the message names key and value and says what is allowed. */
export class ConfigError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ConfigError';
  }
}

export function boolean(value: boolean, rules: Rules, documentation: string): Definition<boolean> {
  return define('boolean', value, rules, documentation);
}

export function int<V extends number | null>(
  value: V,
  rules: Rules,
  documentation: string,
): Definition<number | Extract<V, null>> {
  return define('int', value, rules, documentation);
}

export function short(value: number, rules: Rules, documentation: string): Definition<number> {
  return define('short', value, rules, documentation);
}

/** `value` may be text where a number could not hold all digits. */
export function long<V extends number | string | null>(
  value: V,
  rules: Rules,
  documentation: string,
): Definition<number | Extract<V, null>> {
  return define('long', value, rules, documentation);
}

export function double(value: number, rules: Rules, documentation: string): Definition<number> {
  return define('double', value, rules, documentation);
}

export function string<V extends string | null>(
  value: V,
  rules: Rules,
  documentation: string,
): Definition<string | Extract<V, null>> {
  return define('string', value, rules, documentation);
}

export function list<V extends readonly string[] | null>(
  value: V,
  rules: Rules,
  documentation: string,
): Definition<readonly string[] | Extract<V, null>> {
  return define('list', value, rules, documentation);
}

/** A Java class name. Ottla loads no classes; the name is kept and given back. */
export function className<V extends string | null>(
  value: V,
  rules: Rules,
  documentation: string,
): Definition<string | Extract<V, null>> {
  return define('class', value, rules, documentation);
}

/** A secret: never shown by DescribeConfigs and never logged. */
export function password(rules: Rules, documentation: string): Definition<string | null> {
  return define('password', null, rules, documentation);
}

function define<V extends ConfigValue>(
  type: ConfigType,
  value: ConfigValue,
  rules: Rules,
  documentation: string,
): Definition<V> {
  const defaultText = value === null ? null : printValue(type, value);
  return Object.freeze({
    importance: 'medium' as const,
    update: 'read-only' as const,
    ...rules,
    type,
    defaultText,
    defaultValue: (type === 'long' && defaultText !== null ? saturate(defaultText) : value) as V,
    documentation,
  });
}

/** A value as Kafka prints it in DescribeConfigs: lists joined by commas, doubles as Java writes them. */
function printValue(type: ConfigType, value: Exclude<ConfigValue, null>): string {
  if (typeof value === 'object') return value.join(',');
  return type === 'double' ? javaDouble(value as number) : String(value);
}

/** Java's Double.toString: at least one decimal, `1.0E7` from ten million on and below a thousandth. */
export function javaDouble(value: number): string {
  const size = Math.abs(value);
  if (!Number.isFinite(value)) return String(value);
  if (size === 0 || (size >= 1e-3 && size < 1e7)) return Number.isInteger(value) ? `${value}.0` : String(value);
  const [digits, exponent] = value.toExponential().split('e');
  return `${digits.includes('.') ? digits : `${digits}.0`}E${Number(exponent)}`;
}

function saturate(digits: string): number {
  const value = Number(digits);
  return Math.max(-Number.MAX_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, value));
}

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;
const INTEGER_BITS = { short: 16n, int: 32n, long: 64n } as const;

/** Reads `text` as the definition's type and checks it. Throws ConfigError. */
export function parseValue<V extends ConfigValue>(key: string, definition: Definition<V>, text: string): V {
  const trimmed = text.trim();
  const value = readAs(key, definition, trimmed);
  if (Array.isArray(value)) checkList(key, definition, value as readonly string[]);
  else if (typeof value === 'number') checkNumber(key, definition, trimmed, value);
  else if (typeof value === 'string') checkText(key, definition, value);
  return value as V;
}

/** The text DescribeConfigs answers for a value that was given as `text`: trimmed, numbers without leading zeros. */
export function canonicalText(key: string, definition: Definition, text: string): string {
  const { type } = definition;
  const trimmed = text.trim();
  if (type === 'int' || type === 'short' || type === 'long') return readInteger(key, type, trimmed).toString();
  const value = readAs(key, definition, trimmed);
  return value === null ? trimmed : printValue(type, value);
}

function readAs(key: string, { type, throttledReplicas, keepsRepetitions }: Definition, text: string): ConfigValue {
  switch (type) {
    case 'boolean': {
      const lower = text.toLowerCase();
      if (lower !== 'true' && lower !== 'false') {
        throw invalid(key, text, 'Expected value to be either true or false');
      }
      return lower === 'true';
    }
    case 'short':
    case 'int':
    case 'long':
      return saturate(readInteger(key, type, text).toString());
    case 'double': {
      if (!DECIMAL.test(text)) throw invalid(key, text, 'Not a number of type DOUBLE');
      return Number(text);
    }
    case 'list': {
      const elements = text === '' ? [] : text.split(/\s*,\s*/);
      return throttledReplicas || keepsRepetitions ? elements : [...new Set(elements)];
    }
    case 'string':
    case 'class':
    case 'password':
      return text;
  }
}

function readInteger(key: string, type: keyof typeof INTEGER_BITS, text: string): bigint {
  const value = /^[+-]?\d+$/.test(text) ? BigInt(text.replace('+', '')) : null;
  const limit = 1n << (INTEGER_BITS[type] - 1n);
  if (value === null || value >= limit || value < -limit) {
    throw invalid(key, text, `Not a number of type ${type.toUpperCase()}`);
  }
  return value;
}

function checkNumber(key: string, { min, max, or }: Definition, text: string, value: number): void {
  if (value === or) return;
  const [low, high] = [min !== undefined && value < min, max !== undefined && value > max];
  if (!low && !high) return;
  if (or !== undefined) throw invalid(key, text, `Value must be between ${min} and ${max} or equal to ${or}`);
  throw invalid(key, text, low ? `Value must be at least ${min}` : `Value must be no more than ${max}`);
}

/** Java's Duration as text; hours, minutes and seconds follow a T. */
const DURATION = /^by_duration:P(?=.)(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+(\.\d{1,9})?S)?)?$/i;

function checkText(key: string, { oneOf, anyCase, nonEmpty, offsetReset }: Definition, value: string): void {
  if (offsetReset && !(value.startsWith('by_duration:') ? DURATION.test(value) : /^(earliest|latest)$/.test(value))) {
    throw invalid(key, value, 'Give earliest, latest, or by_duration: and a duration such as P1DT2H (PnDTnHnMn.nS)');
  }
  if (nonEmpty && value === '') throw invalid(key, value, 'String must be non-empty');
  if (oneOf === undefined || oneOf.includes(value)) return;
  if (!anyCase) throw invalid(key, value, `String must be one of: ${oneOf.join(', ')}`);
  const upper = value.toUpperCase();
  if (oneOf.some((allowed) => allowed.toUpperCase() === upper)) return;
  throw invalid(key, value, `String must be one of (case insensitive): ${oneOf.join(', ')}`);
}

function checkList(key: string, definition: Definition, values: readonly string[]): void {
  const { oneOf, nonEmpty, throttledReplicas } = definition;
  if (throttledReplicas) return checkThrottledReplicas(key, values);
  if (nonEmpty && values.length === 0) {
    const allowed = oneOf === undefined ? 'any non-empty value' : `[${oneOf.join(', ')}]`;
    throw new ConfigError(`Configuration '${key}' must not be empty. Valid values include: ${allowed}`);
  }
  for (const value of values) {
    if (value === '') throw new ConfigError(`Configuration '${key}' values must not be empty.`);
    if (oneOf !== undefined && !oneOf.includes(value)) {
      throw invalid(key, value, `String must be one of: ${oneOf.join(', ')}`);
    }
  }
}

function checkThrottledReplicas(key: string, values: readonly string[]): void {
  // Empty elements mean nothing, wherever they stand.
  if (values.join('').trim() === '*' || values.every((pair) => /^(\d+:\d+)?$/.test(pair))) return;
  throw invalid(
    key,
    `[${values.join(', ')}]`,
    "give '*' for all replicas, or [partitionId]:[brokerId],[partitionId]:[brokerId],...",
  );
}

function invalid(key: string, text: string, complaint: string): ConfigError {
  return new ConfigError(`Invalid value ${text} for configuration ${key}: ${complaint}`);
}

/** What is allowed, in Kafka's notation (`[1,...]`); undefined when anything of the type is. */
export function validText(definition: Definition): string | undefined {
  const { type, min, max, or, oneOf, anyCase, nonEmpty, throttledReplicas, offsetReset } = definition;
  if (offsetReset) return '[latest, earliest, by_duration:PnDTnHnMn.nS]';
  if (throttledReplicas) return '[partitionId]:[brokerId],[partitionId]:[brokerId],...';
  if (min !== undefined || max !== undefined) {
    const range = `[${[...(min === undefined ? [] : [min]), '...', ...(max === undefined ? [] : [max])].join(',')}]`;
    return or === undefined ? range : `${range} or ${or}`;
  }
  if (oneOf !== undefined) return `${anyCase ? '(case insensitive) ' : ''}[${oneOf.join(', ')}]`;
  if (nonEmpty && type !== 'list') return 'non-empty string';
  return undefined;
}

/** Every key's value: the texts given, and defaults for the rest. Keys outside the table are passed over. */
export function valuesOf<T extends Table>(table: T, texts: ReadonlyMap<string, string>): ValuesOf<T> {
  const values: Record<string, ConfigValue> = {};
  for (const [key, definition] of Object.entries(table)) {
    const text = texts.get(key);
    values[key] = text === undefined ? definition.defaultValue : parseValue(key, definition, text);
  }
  return Object.freeze(values) as ValuesOf<T>;
}
