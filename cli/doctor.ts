import { readConfiguration } from '../infrastructure/config/configuration.ts'
import { loadEnvironment } from '../infrastructure/config/environment.ts'
import { lookAtEngines } from './doctor/engines.ts'
import { type Finding, ok, wrong } from './doctor/finding.ts'
import { lookAtCalcom, lookAtGoogle, lookAtPublicUrl } from './doctor/outside.ts'
import { lookAtFolder, lookAtPort } from './doctor/places.ts'

/**
 * Checks the configuration and everything that it names, changes nothing, and says what is wrong and how to mend it.
 * Resolves with the exit code: 1 where something does not work, else 0.
 */
export async function doctor(options: { json: boolean }): Promise<number> {
  const findings = await examine()
  const healthy = findings.every(({ state }) => state !== 'wrong')
  if (options.json) console.log(JSON.stringify({ ok: healthy, findings }))
  else console.log(readable(findings, healthy).join('\n'))
  return healthy ? 0 : 1
}

async function examine(): Promise<Finding[]> {
  const read = readConfiguration(loadEnvironment(process.cwd(), process.env))
  if (!read.ok)
    return read.problems.map(({ variable, problem }) =>
      wrong(variable, `${variable} ${problem}.`, 'docs/configuration.md says what it takes.'),
    )
  const { configuration } = read
  const looked = await Promise.all([
    lookAtFolder(configuration),
    lookAtPort(configuration),
    lookAtEngines(configuration),
    lookAtGoogle(configuration),
    lookAtCalcom(configuration),
    lookAtPublicUrl(configuration),
  ])
  return [ok('configuration', 'Every variable is usable.'), ...looked.flat()]
}

const MARKS = { ok: 'ok   ', note: 'note ', wrong: 'WRONG' }

function readable(findings: readonly Finding[], healthy: boolean): string[] {
  const width = Math.max(...findings.map(({ check }) => check.length))
  const indent = ' '.repeat(MARKS.ok.length + width + 4)
  return [
    ...findings.flatMap(({ check, state, says, mend }) => [
      `${MARKS[state]}  ${check.padEnd(width)}  ${says}`,
      ...(mend === undefined ? [] : [`${indent}→ ${mend}`]),
    ]),
    '',
    healthy ? 'Nothing keeps the service from working.' : 'Mend what is WRONG, and ask again.',
  ]
}
