/** What flags and variables say of the page of `ottla start`: where it is, what people may do there, or that there is none. */
import { afterEach, describe, expect, test, vi } from 'vitest';
import { pagePlace, refusePage } from '../../src/cli/page-door.ts';
import type { StartFlags } from '../../src/cli/start-command.ts';

afterEach(() => void vi.unstubAllEnvs());

const LOCAL = { host: '127.0.0.1', port: 24_092, tries: 50, access: null };

describe('the page of ottla start', () => {
  test('is there unless it is refused; in a container and beside a control port when it is asked for', () => {
    expect(pagePlace({}, false)).toEqual(LOCAL);
    expect(pagePlace({ page: false }, false)).toBeNull();
    expect(pagePlace({ container: true }, false)).toBeNull();
    expect(pagePlace({}, true)).toBeNull();
    expect(pagePlace({ pageAccess: 'read' }, true)).toEqual({ ...LOCAL, access: 'read' });
    expect(pagePlace({ pagePort: '8080' }, false)).toEqual({ ...LOCAL, port: 8080, tries: 1 });
    expect(pagePlace({ container: true, pagePort: '8080' }, false)).toMatchObject({ host: '0.0.0.0', port: 8080 });
    expect(pagePlace({ container: true, pageHost: '127.0.0.1' }, false)).toEqual(LOCAL);
  });

  test('is set by variables, which flags come before', () => {
    vi.stubEnv('OTTLA_PAGE_PORT', '8081');
    vi.stubEnv('OTTLA_PAGE_HOST', '::1');
    vi.stubEnv('OTTLA_PAGE_ACCESS', 'write');
    expect(pagePlace({ container: true }, false)).toEqual({ host: '::1', port: 8081, tries: 1, access: 'write' });
    expect(pagePlace({ pageAccess: 'read', pagePort: '0' }, false)).toMatchObject({ port: 0, access: 'read' });
    vi.stubEnv('OTTLA_PAGE', 'off');
    expect(pagePlace({}, false)).toBeNull();
    vi.unstubAllEnvs();
    vi.stubEnv('OTTLA_PAGE', 'on');
    expect(pagePlace({}, true)).toEqual(LOCAL);
  });

  test.for([
    [{ pageAccess: 'all' }, false, '--page-access all: write read, write or test'],
    [{ pageAccess: 'test' }, false, '--page-access test needs a broker that tests drive: add --control-port N'],
    [{ page: false, pageAccess: 'read' }, false, '--no-page and --page-access contradict each other'],
    [{ page: false, pageHost: '::1' }, false, '--no-page and --page-host contradict each other'],
    [{ pagePort: '70000' }, false, '--page-port'],
  ] as const satisfies readonly (readonly [StartFlags, boolean, string])[])(
    'refuses %o',
    ([flags, isDriven, sentence]) => {
      expect(() => pagePlace(flags, isDriven)).toThrow(sentence);
    },
  );

  test('refuses variables that mean nothing, and a page where there is no broker', () => {
    vi.stubEnv('OTTLA_PAGE_ACCESS', 'everything');
    expect(() => pagePlace({}, false)).toThrow('OTTLA_PAGE_ACCESS everything: write read, write or test');
    expect(() => refusePage({ pageAccess: 'read' }, 'a controller has')).toThrow(
      'a controller has no page: take --page-access away',
    );
    expect(() => refusePage({}, 'a controller has')).not.toThrow();
  });
});
