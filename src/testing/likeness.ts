/** Whether a value is like a description of it: all that the description says must hold, what it leaves out may be anything. */

interface Asymmetric {
  asymmetricMatch(other: unknown): boolean;
}

function isAsymmetric(value: unknown): value is Asymmetric {
  return typeof (value as Partial<Asymmetric> | null)?.asymmetricMatch === 'function';
}

/**
 * Objects: each field of `part`. Arrays: each element of `part` is like some element. Regular expressions fit text,
 * functions are asked, matchers such as expect.any(String) decide. Bytes compare with text as UTF-8.
 */
export function isLike(value: unknown, part: unknown): boolean {
  if (isAsymmetric(part)) return part.asymmetricMatch(value);
  if (typeof part === 'function') return (part as (value: unknown) => unknown)(value) === true;
  if (isRegExp(part)) return typeof value === 'string' && part.test(value);
  if (ArrayBuffer.isView(value)) return textOf(value) === (ArrayBuffer.isView(part) ? textOf(part) : part);
  if (typeof value === 'bigint' || typeof part === 'bigint') return String(value) === String(part);
  if (Array.isArray(part)) {
    return Array.isArray(value) && part.every((wanted) => value.some((each) => isLike(each, wanted)));
  }
  if (typeof part === 'object' && part !== null) {
    if (typeof value !== 'object' || value === null) return false;
    return Object.entries(part).every(([key, wanted]) => isLike((value as Record<string, unknown>)[key], wanted));
  }
  return Object.is(value, part);
}

function isRegExp(value: unknown): value is RegExp {
  return Object.prototype.toString.call(value) === '[object RegExp]';
}

function textOf(view: ArrayBufferView): string {
  return Buffer.from(view.buffer as ArrayBuffer, view.byteOffset, view.byteLength).toString();
}
