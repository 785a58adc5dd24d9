import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { temporaryFolder } from './support/temporary-folder.ts'

const runner = suite('the test runner')

const head = `import { suite } from ${JSON.stringify(import.meta.resolve('uvu'))}\nconst s = suite('inner')\n`
const passing = `${head}s('a', () => {})\ns('b', () => {})\ns.run()\n`
const failing = `${head}s('works', () => {})\ns('breaks', () => { throw new Error('the reason') })\ns.run()\n`

/** Runs spec files of these contents; `lines` is what was printed. */
async function run(specs: { [name: string]: string }, ...args: string[]) {
  const folder = temporaryFolder()
  for (const [name, content] of Object.entries(specs)) writeFileSync(join(folder.path, name), content)
  const command = [join(import.meta.dirname, 'run.ts'), ...args, folder.path]
  const answer = await new Promise<{ code: number; printed: string }>((resolve) => {
    const child = execFile(process.execPath, command, (_error, stdout) => {
      resolve({ code: child.exitCode ?? -1, printed: stdout })
    })
  })
  folder.remove()
  return { ...answer, last: answer.printed.trimEnd().split('\n').at(-1) }
}

runner('sums passes and ends with the totals, exit 0', async () => {
  const { code, last, printed } = await run({ 'a.spec.ts': passing, 'b.spec.ts': passing, 'not.ts': failing })
  assert.is(last, '4 passed, 0 failed, 0 skipped')
  assert.is(code, 0)
  assert.is(printed.match(/^ok {3}/gm)?.length, 2)
})

runner('prints a failure in full and exits 1', async () => {
  const { code, last, printed } = await run({ 'a.spec.ts': passing, 'b.spec.ts': failing })
  assert.is(last, '3 passed, 1 failed, 0 skipped')
  assert.is(code, 1)
  assert.match(printed, 'the reason')
  assert.match(printed, /^Failed:\n.*b\.spec\.ts$/m)
})

runner('counts tests that a hook kept from running as failed, though uvu exits 0', async () => {
  const hook = `${head}s.before(() => { throw new Error('x') })\ns('a', () => {})\ns('b', () => {})\ns.run()\n`
  const { code, last } = await run({ 'a.spec.ts': hook })
  assert.is(last, '0 passed, 2 failed, 0 skipped')
  assert.is(code, 1)
})

runner('counts a file that crashes, runs nothing or has no tests as one failure', async () => {
  const specs = {
    'crash.spec.ts': `throw new Error('at the top')\n`,
    'late.spec.ts': `${passing}process.on('exit', () => { process.exitCode = 3 })\n`,
    'nothing.spec.ts': `${head}s('a', () => {})\n`,
    'empty.spec.ts': `${head}s.run()\n`,
    'leaves.spec.ts': `${head}s('a', () => { process.exit(0) })\ns.run()\n`,
  }
  const { code, last, printed } = await run(specs)
  assert.is(last, '2 passed, 5 failed, 0 skipped')
  assert.is(code, 1)
  assert.match(printed, 'at the top')
  assert.match(printed, 'exit 3')
})

runner('kills a file that hangs, with what it started, and counts it as failed', async () => {
  const grandchild = `import { spawn } from 'node:child_process'\nspawn('sleep', ['1000'], { stdio: 'inherit' })\n`
  const hanging = `${grandchild}${head}s('a', () => new Promise(() => { setInterval(() => {}, 1000) }))\ns.run()\n`
  const { code, last, printed } = await run({ 'a.spec.ts': passing, 'h.spec.ts': hanging }, '--limit', '1')
  assert.is(last, '2 passed, 1 failed, 0 skipped')
  assert.match(printed, 'killed after 1 s')
  assert.is(code, 1)
})

runner('does not wait for what a file left running', async () => {
  const grandchild = `import { spawn } from 'node:child_process'\nspawn('sleep', ['1000'], { stdio: 'inherit' }).unref()\n`
  const { last } = await run({ 'a.spec.ts': `${grandchild}${passing}` })
  assert.is(last, '2 passed, 0 failed, 0 skipped')
})

runner('counts what was skipped and gathers the reasons', async () => {
  const skipping = `${head}console.log('SKIP set KAFKA_BROKERS to run these')\ns.skip('a', () => {})\ns('b', () => {})\ns.run()\n`
  const { code, last, printed } = await run({ 'a.spec.ts': skipping, 'b.spec.ts': skipping })
  assert.is(last, '2 passed, 0 failed, 2 skipped')
  assert.is(code, 0)
  assert.is(printed.match(/SKIP set KAFKA_BROKERS/g)?.length, 1)
})

runner('takes a run of no file for a failure', async () => {
  const { code, last } = await run({})
  assert.is(last, '0 passed, 1 failed, 0 skipped')
  assert.is(code, 1)
})

runner.run()
