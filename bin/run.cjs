// Runs a TypeScript file of the project: `node bin/run.cjs FILE [ARGS…]`, on the right Node (see runtime.cjs).
'use strict'
var path = require('node:path')
var file = path.resolve(process.argv[2] || '')
process.argv.splice(1, 2, file)
require('./runtime.cjs').start(file)
