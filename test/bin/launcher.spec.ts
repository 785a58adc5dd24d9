import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { runProcess } from '../support/run-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const launcher = suite('the launcher')

const older = olderNode()
if (older === undefined)
  console.log('SKIP put a Node older than 26 on PATH to run the tests of the launcher under it')
const underOlderNode = older === undefined ? launcher.skip : launcher

/** A project of the launcher and a program that says how it was run. */
function project() {
  const folder = temporaryFolder()
  cpSync(join(import.meta.dirname, '../../bin'), join(folder.path, 'bin'), { recursive: true })
  mkdirSync(join(folder.path, 'cli'))
  writeFileSync(
    join(folder.path, 'cli/main.ts'),
    `const args: string[] = process.argv.slice(2)
if (args[0] === 'wait') {
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => { console.log(signal); process.exit(7) })
  setInterval(() => {}, 1000)
}
console.log(process.versions.node.split('.')[0], ...args)
process.emitWarning('quiet', 'TimeoutNegativeWarning')
process.emitWarning('loud', 'OtherWarning')
if (args[0] === 'exit') process.exitCode = Number(args[1])
if (args[0] === 'throw') throw new Error('the reason')
if (args[0] === 'kill') process.kill(process.pid, 'SIGKILL')
`,
  )
  const run = (node: string, ...args: string[]) =>
    runProcess(node, [join(folder.path, 'bin/calendar-sync.cjs'), ...args], { cwd: folder.path, env: {} })
  return { ...folder, run }
}

/** Puts this test's own Node where npm puts the one of the package `node`. */
function installNode(path: string): void {
  mkdirSync(join(path, 'node_modules/node/bin'), { recursive: true })
  symlinkSync(process.execPath, join(path, 'node_modules/node/bin/node'))
}

launcher('keeps what was compiled beside the packages, and runs all the same where it cannot', async () => {
  const { path, run, remove } = project()
  const packages = join(path, 'node_modules')
  await run(process.execPath, 'a')
  assert.is(existsSync(packages), false, 'nothing is made where no packages are')
  mkdirSync(packages)
  await run(process.execPath, 'a')
  const kept = readdirSync(join(packages, '.cache/calendar-sync'), { recursive: true })
  assert.ok(kept.length > 1, 'a folder of this Node, and files in it')
  assert.is((await run(process.execPath, 'b')).stdout, '26 b\n')
  rmSync(join(packages, '.cache'), { recursive: true })
  writeFileSync(join(packages, '.cache'), 'no folder')
  assert.is((await run(process.execPath, 'c')).stdout, '26 c\n')
  remove()
})

launcher(
  'runs the program with its arguments, and keeps warnings from it that tell nobody anything',
  async () => {
    const { path, run, remove } = project()
    const ran = await run(process.execPath, 'a', '--b')
    assert.is(ran.stdout, '26 a --b\n')
    assert.match(ran.stderr, 'loud')
    assert.not.match(ran.stderr, 'quiet')
    assert.is((await run(process.execPath, 'exit', '5')).code, 5)
    const command = [join(path, 'bin/run.cjs'), 'cli/main.ts', 'c']
    assert.is((await runProcess(process.execPath, command, { cwd: path, env: {} })).stdout, '26 c\n')
    remove()
  },
)

launcher('says why the program could not run, and ends with 1', async () => {
  const { run, remove } = project()
  const ran = await run(process.execPath, 'throw')
  assert.is(ran.code, 1)
  assert.match(ran.stderr, 'the reason')
  remove()
})

launcher('drains when npm is told to end, though the shell between them tells it nothing', async () => {
  const { path, remove } = project()
  const scripts = { wait: 'node bin/calendar-sync.cjs wait' }
  writeFileSync(join(path, 'package.json'), JSON.stringify({ name: 'project', scripts }))
  const npm = spawn('npm', ['run', '--silent', 'wait'], {
    cwd: path,
    env: { ...process.env, PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}` },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  let printed = ''
  for await (const text of npm.stdout.setEncoding('utf8')) {
    printed += text
    if (printed === '26 wait\n') npm.kill('SIGTERM')
  }
  assert.is(printed, '26 wait\nSIGTERM\n')
  remove()
})

underOlderNode('says in one line what to type where the right Node is not there', async () => {
  const { path, run, remove } = project()
  const nothing = await run(String(older))
  assert.is(nothing.code, 1)
  assert.match(nothing.stderr, /^calendar-sync needs Node 26, .* Type: npm ci\n$/)
  mkdirSync(join(path, 'node_modules/node'), { recursive: true })
  const skipped = await run(String(older))
  assert.match(
    skipped.stderr,
    /^calendar-sync needs Node 26, .* Type: npm rebuild node --ignore-scripts=false\n$/,
  )
  remove()
})

underOlderNode('steps aside for the Node that npm installed, and ends as it ends', async () => {
  const { path, run, remove } = project()
  installNode(path)
  assert.is((await run(String(older), 'a')).stdout, '26 a\n')
  assert.is((await run(String(older), 'exit', '5')).code, 5)
  assert.is((await run(String(older), 'kill')).signal, 'SIGKILL')
  remove()
})

underOlderNode('hands signals on', async () => {
  const { path, remove } = project()
  installNode(path)
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const child = spawn(String(older), [join(path, 'bin/calendar-sync.cjs'), 'wait'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const ended = once(child, 'exit')
    let printed = ''
    for await (const text of child.stdout.setEncoding('utf8')) {
      printed += text
      if (printed === '26 wait\n') child.kill(signal)
    }
    assert.is(printed, `26 wait\n${signal}\n`)
    assert.equal(await ended, [7, null])
  }
  remove()
})

launcher.run()

/** The first Node on PATH that is older than 26. */
function olderNode(): string | undefined {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'node'))
    .find(
      (node) =>
        existsSync(node) && Number(execFileSync(node, ['-p', 'process.versions.node.split(".")[0]'])) < 26,
    )
}
