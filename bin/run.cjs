// Runs a TypeScript file of the project: `node bin/run.cjs FILE [ARGS…]`, on the right Node (see runtime.cjs).
'use strict'
require('./runtime.cjs').start(require('node:path').resolve(process.argv[2] || ''), process.argv.slice(3))
