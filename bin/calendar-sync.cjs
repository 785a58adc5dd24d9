#!/usr/bin/env node
// The command line's entry: finds the right Node (see runtime.cjs), then runs cli/main.ts.
'use strict'
require('./runtime.cjs').start('../cli/main.ts', process.argv.slice(2))
