import { type ChildProcess, spawn } from 'node:child_process'
import { getCompileCacheDir } from 'node:module'
import { defined } from '../../domain/optional-fields.ts'

/** How one spec file went. `why` where something other than a test failed. */
export type FileResult = {
  file: string
  passed: number
  failed: number
  skipped: number
  seconds: number
  why: string | undefined
  /** The lines that begin with `SKIP `: what would run the tests skipped. */
  skipReasons: string[]
  /** All that the file wrote to either stream. */
  output: string
}

const running = new Set<ChildProcess>()

/**
 * Runs the file in a process of its own and reads uvu's totals. What uvu lets pass counts as a failure here: a suite
 * whose `before` hook threw (0 passed of N, exit 0), a file that ran no suite, one that crashed after its totals, and
 * one that took longer than `limitMs`, which is killed with all that it started.
 */
export async function runSpecFile(file: string, limitMs: number): Promise<FileResult> {
  const startedAt = performance.now()
  // What one process has compiled the others need not. Its own process group, so that what a test leaves running can be ended with it.
  const child = spawn(process.execPath, [file], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    env: { ...process.env, ...defined({ NODE_COMPILE_CACHE: getCompileCacheDir() }) },
  })
  running.add(child)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  }
  let timedOut = false
  const limit = setTimeout(() => {
    timedOut = true
    killGroup(child)
  }, limitMs)

  const exit = new Promise<string | undefined>((resolve) => {
    child.on('error', (error) => resolve(`could not be started: ${error.message}`))
    child.on('exit', (code, signal) => {
      // A grandchild may hold the streams open.
      killGroup(child)
      resolve(code === 0 ? undefined : `exit ${signal ?? code}`)
    })
  })
  const closed = new Promise<void>((resolve) => child.on('close', () => resolve()))
  const exitProblem = await exit
  await closed
  clearTimeout(limit)
  running.delete(child)

  const seconds = (performance.now() - startedAt) / 1000
  const problem = timedOut ? `killed after ${limitMs / 1000} s` : exitProblem
  const skipReasons = output.split(/\r?\n/).filter((line) => line.startsWith('SKIP '))
  return { file, seconds, skipReasons, output, ...count(output, problem) }
}

/** Ends every spec file that runs, with all that it started. */
export function killRunning(): void {
  for (const child of running) killGroup(child)
}

function count(output: string, problem: string | undefined) {
  const total = figure(output, 'Total')
  const passed = figure(output, 'Passed') ?? 0
  const skipped = figure(output, 'Skipped') ?? 0
  if (total === undefined)
    return { passed: 0, failed: 1, skipped: 0, why: problem ?? 'no totals: no suite ran' }
  const failed = total - passed
  if (failed > 0)
    return { passed, failed, skipped, why: problem === 'exit 1' ? undefined : (problem ?? 'exit 0') }
  if (problem !== undefined) return { passed, failed: 1, skipped, why: problem }
  if (total + skipped === 0) return { passed, failed: 1, skipped, why: 'no tests' }
  return { passed, failed, skipped, why: undefined }
}

/** The last one: a test may itself print such a line. */
function figure(output: string, name: string): number | undefined {
  const found = [...output.matchAll(new RegExp(`^ {2}${name}: +(\\d+)$`, 'gm'))].at(-1)?.[1]
  return found === undefined ? undefined : Number(found)
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch (error) {
    // The group has ended already.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}
