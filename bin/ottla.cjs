#!/usr/bin/env node
'use strict';
// Runs the bundled command. CommonJS and few files, because that is what Node loads fastest.

const { existsSync } = require('node:fs');
const { enableCompileCache } = require('node:module');
const { join } = require('node:path');

const dist = join(__dirname, '..', 'dist');
const bundle = join(dist, 'main.cjs');

if (!existsSync(bundle)) {
  process.stderr.write('ottla: dist/main.cjs is missing. Run `npm run build` in the checkout, then start again.\n');
  process.exit(1);
}

// Node 22.1 and later keep compiled code between starts. The cache lies beside the code it was made from, so that
// whoever can change one can change the other, and nobody else; where that place is read-only Node does without.
if (enableCompileCache !== undefined && !process.env.NODE_COMPILE_CACHE)
  enableCompileCache(join(dist, '.compile-cache'));

require(bundle);
