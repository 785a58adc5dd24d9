import { stripVTControlCharacters } from 'node:util'
import { readConfiguration } from '../infrastructure/config/configuration.ts'
import { loadEnvironment } from '../infrastructure/config/environment.ts'
import { formatProblems } from '../infrastructure/config/problem.ts'
import { askService } from './running-service.ts'

/**
 * Prints the running service's GET /status; with `json` as it is. Resolves with the exit code: 0 where it answered, 1
 * where it did not, 2 where the configuration is not usable.
 */
export async function status(options: { json: boolean }): Promise<number> {
  const read = readConfiguration(loadEnvironment(process.cwd(), process.env))
  if (!read.ok) {
    console.error(formatProblems(read.problems))
    return 2
  }
  const answer = await askService(read.configuration, '/status')
  if (!answer.ok) {
    console.error(answer.message)
    return 1
  }
  console.log(options.json ? JSON.stringify(answer.body) : readable(answer.body).join('\n'))
  return 0
}

/** Any JSON as lines to read: names with their values, what is inside indented below. */
function readable(value: unknown, indent = ''): string[] {
  if (typeof value !== 'object' || value === null) return [`${indent}${shown(value)}`]
  return Object.entries(value).flatMap(([name, inner]) => {
    const label = Array.isArray(value) ? '-' : `${stripVTControlCharacters(name)}:`
    if (typeof inner !== 'object' || inner === null) return [`${indent}${label} ${shown(inner)}`]
    const lines = readable(inner, `${indent}  `)
    return lines.length === 0 ? [`${indent}${label} none`] : [`${indent}${label}`, ...lines]
  })
}

const shown = (value: unknown) => (value === null ? 'none' : stripVTControlCharacters(String(value)))
