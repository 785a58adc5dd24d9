import { stripVTControlCharacters } from 'node:util'
import { askOrOpen } from './ask-or-open.ts'
import { configurationOrExplain } from './configured.ts'

/**
 * Prints the running service's GET /status; with `json` as it is. If none runs and all stores are in the data folder,
 * that is opened to look. Resolves with the exit code. 0: there was an answer. 1: there was none. 2: the configuration
 * is not usable.
 */
export async function status(options: { json: boolean }): Promise<number> {
  const configuration = configurationOrExplain()
  if (configuration === undefined) return 2
  const answer = await askOrOpen(configuration, '/status')
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
