/**
 * Runs spec files, each in a process of its own, three at a time (many of them wait more than they work), and ends with `N passed, N failed, N skipped`.
 *
 *   npm test                            every test/**\/*.spec.ts
 *   npm test -- test/domain booking     the files of a folder, and those whose path contains a word
 *   npm test -- --limit 30              seconds that a file may take (180)
 */
import { readdirSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { parseArgs } from 'node:util'
import { type FileResult, killRunning, runSpecFile } from './support/spec-file.ts'

const AT_A_TIME = 3

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    filter: { type: 'string', multiple: true, default: [] },
    limit: { type: 'string', default: '180' },
  },
})

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    killRunning()
    process.exit(1)
  })
}

const files = chosenFiles([...positionals, ...values.filter])
const results: FileResult[] = []
if (files.length === 0) console.log('No spec file fits.')
await Promise.all(Array.from({ length: AT_A_TIME }, runFiles))
summarise()

async function runFiles(): Promise<void> {
  for (let file = files.shift(); file !== undefined; file = files.shift()) {
    const result = await runSpecFile(file, Number(values.limit) * 1000)
    results.push(result)
    report(result)
  }
}

function report({ file, passed, failed, skipped, seconds, why, output }: FileResult): void {
  const counts = `${passed} passed${failed > 0 ? `, ${failed} failed` : ''}${skipped > 0 ? `, ${skipped} skipped` : ''}`
  const line = `${failed > 0 ? 'FAIL' : 'ok  '} ${relative('.', file)}: ${counts} (${seconds.toFixed(1)} s)`
  if (failed === 0) console.log(line)
  else
    console.log(
      `${line}${why === undefined ? '' : `: ${why}`}\n${output.trimEnd().replace(/^/gm, '     ')}\n`,
    )
}

function summarise(): void {
  const sum = (field: 'passed' | 'failed' | 'skipped') =>
    results.reduce((total, result) => total + result[field], 0)
  const failing = results.filter(({ failed }) => failed > 0)
  const reasons = new Set(
    results.flatMap(({ file, skipped, skipReasons }) =>
      skipped > 0 && skipReasons.length === 0
        ? [`SKIP no line of ${relative('.', file)} says what would run it`]
        : skipReasons,
    ),
  )
  if (reasons.size > 0) console.log(`\nSkipped:\n${[...reasons].map((reason) => `  ${reason}`).join('\n')}`)
  if (failing.length > 0)
    console.log(`\nFailed:\n${failing.map(({ file }) => `  ${relative('.', file)}`).join('\n')}`)
  // A run of nothing is no success.
  const failed = results.length === 0 ? 1 : sum('failed')
  console.log(`\n${sum('passed')} passed, ${failed} failed, ${sum('skipped')} skipped`)
  process.exitCode = failed > 0 ? 1 : 0
}

/** A word is a file or a folder where there is one of that name, else a part of a path under test/. */
function chosenFiles(words: readonly string[]): string[] {
  const all = specsUnder(import.meta.dirname)
  if (words.length === 0) return all
  const chosen = words.flatMap((word) => {
    const found = statSync(word, { throwIfNoEntry: false })
    if (found?.isFile()) return [word]
    if (found?.isDirectory()) return specsUnder(word)
    return all.filter((file) => relative('.', file).includes(word))
  })
  return [...new Set(chosen)]
}

function specsUnder(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.spec.ts') && !path.includes('node_modules'))
    .map((path) => join(folder, path))
    .sort()
}
