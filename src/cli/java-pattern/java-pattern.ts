/**
 * Regular expressions as java.util.regex reads them, for names in scripts written for Kafka's tools: \Q…\E, (?i),
 * possessive quantifiers, intersections of classes. They become expressions of JavaScript, which lacks all of these.
 */
import { UsageError } from '../usage.ts';
import { JavaParser, JavaPatternError } from './parser.ts';

export interface JavaPattern {
  /** Whether the whole name matches, as String.matches. */
  matches(name: string): boolean;
}

/** @throws {UsageError} for an expression that Java refuses, or that has no counterpart here */
export function javaPattern(expression: string): JavaPattern {
  try {
    const compiled = new RegExp(`^(?:${new JavaParser(expression).translate()})$`, 'v');
    return { matches: (name) => compiled.test(name) };
  } catch (error) {
    if (!(error instanceof JavaPatternError) && !(error instanceof SyntaxError)) throw error;
    const why = error instanceof JavaPatternError ? `: ${error.message}` : '';
    throw new UsageError(`${expression} is an invalid regex${why}`);
  }
}

/** As Kafka's IncludeList: commas separate alternatives, blanks and quotes around it have no meaning. */
export function topicFilter(expression: string): JavaPattern {
  const meant = expression
    .trim()
    .replaceAll(',', '|')
    .replaceAll(' ', '')
    .replace(/^["']+/, '')
    .replace(/["']+$/, '');
  return javaPattern(meant);
}
