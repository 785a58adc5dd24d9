// JavaScript that any Node that npm runs on can parse: an older one must be able to say so, or to step aside.
'use strict'
const childProcess = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const url = require('node:url')

const REQUIRED = 26
const PACKAGES = path.join(__dirname, '..', 'node_modules')
const PACKAGE = path.join(PACKAGES, 'node')

/** Warnings of Node that tell an operator nothing: kafkajs sets one negative timer at start-up. */
const QUIET = ['TimeoutNegativeWarning']

/**
 * Imports `file` (relative to this folder, or absolute) on Node 26, with `args` as its arguments. `npm run` finds the
 * Node of the package `node` first, so it is this very process; an older Node that was started by hand runs that one
 * as its child; and where npm skipped the package's install script, one line says what to type (exit 1).
 */
exports.start = function start(file, args) {
  const major = Number(process.versions.node.split('.')[0])
  if (major >= REQUIRED) return load(path.resolve(__dirname, file), args)

  const node = path.join(PACKAGE, 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
  if (fs.existsSync(node)) return runUnder(node)
  refuse(
    fs.existsSync(PACKAGE)
      ? 'npm skipped the install script of its package "node". Type: npm rebuild node --ignore-scripts=false'
      : 'its packages are not installed. Type: npm ci',
  )
}

function load(file, args) {
  keepCompiled()
  process.argv = [process.argv[0], file].concat(args)
  const print = process.listeners('warning')
  process.removeAllListeners('warning')
  process.on('warning', (warning) => {
    if (QUIET.indexOf(warning.name) >= 0) return
    for (const listener of print) listener.call(process, warning)
  })
  if (process.env.npm_lifecycle_event !== undefined) endWithParent()
  import(url.pathToFileURL(file).href).catch((error) => {
    process.stderr.write(`${String(error?.stack || error)}\n`)
    process.exit(1)
  })
}

/**
 * Compiling is nearly half of a start's processor time; what was compiled is kept beside the packages, where nobody can
 * write who cannot change the program itself, as anybody might in the system's temporary folder. Where it cannot be
 * written every start compiles. NODE_COMPILE_CACHE and NODE_DISABLE_COMPILE_CACHE hold as Node's manual says.
 */
function keepCompiled() {
  if (!fs.existsSync(PACKAGES)) return
  const modules = require('node:module')
  modules.enableCompileCache(path.join(PACKAGES, '.cache', 'calendar-sync'))
  // Node writes it at the end of the process, and one that is killed has none.
  setTimeout(modules.flushCompileCache, 10_000).unref()
}

/** npm hands SIGTERM to the shell between it and this process, which dies of it and tells nobody. */
function endWithParent() {
  const parent = process.ppid
  const watch = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(watch)
    process.kill(process.pid, 'SIGTERM')
  }, 200)
  watch.unref()
}

/** Runs the same command line under `node`, and ends as it ends. Signals reach it, so that it can drain. */
function runUnder(node) {
  const child = childProcess.spawn(node, process.execArgv.concat(process.argv.slice(1)), { stdio: 'inherit' })
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) {
    process.on(signal, () => {
      // A terminal sends Ctrl+C to both processes; twice would mean "at once" to the child.
      if (signal === 'SIGINT' && process.stdin.isTTY) return
      child.kill(signal)
    })
  }
  child.on('error', (error) => {
    refuse(`the one in node_modules does not run on this machine (${error.code}). Install Node ${REQUIRED}`)
  })
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code)
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
  })
}

function refuse(why) {
  process.stderr.write(`calendar-sync needs Node ${REQUIRED}, this is ${process.versions.node}, and ${why}\n`)
  process.exit(1)
}
