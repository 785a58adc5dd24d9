// The command line's entry. Plain old JavaScript on purpose: on a machine where npm skipped the install script of the
// package `node`, an older Node runs this file, and it must be able to say so.
'use strict'
require('./runtime.cjs').start('../cli/main.ts')
