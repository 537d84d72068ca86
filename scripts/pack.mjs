// The life of a package in npm's hands. `prepare`: in a checkout, builds the command; where npm has cloned the repository to
// install it as somebody's dependency, all that is published, for npm packs that clone without asking `prepack`.
// `prepack` and `postpack`: before and after `npm pack`.
import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { restore, strip } from './manifest.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

function bundle(...flags) {
  execFileSync(process.execPath, [fileURLToPath(new URL('bundle.mjs', import.meta.url)), ...flags], {
    stdio: 'inherit',
  });
}

/** npm runs in the project of the user. */
function isDependency() {
  const project = process.env.npm_config_local_prefix;
  return project !== undefined && resolve(project) !== resolve(root);
}

const step = process.argv[2];
if (step === 'postpack') restore();
else if (step === 'prepare' && !isDependency()) {
  restore();
  bundle();
} else {
  bundle('--library');
  strip();
}
