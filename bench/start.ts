// From the start of the process to its banner and to readiness, on a fresh data folder with the stand-ins, beside the
// time that Node itself takes to start and end.
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { median } from './support/figures.ts'

const ROUNDS = 5
const GOAL_MS = 3_000
const launcher = join(import.meta.dirname, '..', 'bin', 'calendar-sync.cjs')

export async function run(): Promise<void> {
  const floors: number[] = []
  const banners: number[] = []
  const ready: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const from = performance.now()
    spawnSync(process.execPath, ['-e', '0'])
    floors.push(performance.now() - from)
    const started = await start()
    banners.push(started.bannerMs)
    ready.push(started.readyMs)
  }
  const of = (values: readonly number[]) => `${median(values).toFixed(0)} ms`
  console.log(`Node alone: ${of(floors)}`)
  console.log(`banner: ${of(banners)}; ready: ${of(ready)} (goal: under ${GOAL_MS} ms)`)
  console.log(`${(median(ready) / median(floors)).toFixed(1)} × Node alone`)
}

async function start(): Promise<{ bannerMs: number; readyMs: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'calendar-sync-bench-'))
  const from = performance.now()
  const child = spawn(process.execPath, [launcher, 'start'], {
    env: { PATH: process.env.PATH ?? '', DATA_DIR: join(folder, 'data'), PORT: '0', LOG_LEVEL: 'error' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  try {
    let printed = ''
    for await (const chunk of child.stdout.setEncoding('utf8')) {
      printed += chunk
      const url = /console +(http:\/\/\S+)/.exec(printed)?.[1]
      if (url === undefined) continue
      const bannerMs = performance.now() - from
      while (!(await fetch(`${url}health/ready`)).ok);
      return { bannerMs, readyMs: performance.now() - from }
    }
    throw new Error('the service ended without a banner')
  } finally {
    child.kill('SIGTERM')
    await gone
    rmSync(folder, { recursive: true, force: true })
  }
}
