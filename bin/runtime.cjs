// Old syntax only: any Node that npm runs on must be able to parse this file.
'use strict'
var REQUIRED = 26

/** Imports `file` (relative to this folder, or absolute), or says in one line what to type where Node is too old. */
exports.start = function start(file) {
  var major = Number(process.versions.node.split('.')[0])
  if (major < REQUIRED) {
    process.stderr.write(
      'calendar-sync needs Node ' +
        REQUIRED +
        ', and this is ' +
        process.versions.node +
        ': npm skipped the install script of the package "node". Type: npm rebuild node --foreground-scripts\n',
    )
    process.exit(1)
  }
  // kafkajs sets one negative timer at start-up.
  import(require('node:url').pathToFileURL(require('node:path').resolve(__dirname, file)).href).catch(
    (error) => {
      process.stderr.write(String((error && error.stack) || error) + '\n')
      process.exit(1)
    },
  )
}
