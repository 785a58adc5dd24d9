import { type Configuration, readConfiguration } from '../infrastructure/config/configuration.ts'
import { loadEnvironment } from '../infrastructure/config/environment.ts'
import { formatProblems } from '../infrastructure/config/problem.ts'

/** The configuration of this process, `.env` included; undefined if it is not usable. Then prints all that is wrong. */
export function configurationOrExplain(): Configuration | undefined {
  const read = readConfiguration(loadEnvironment(process.cwd(), process.env))
  if (read.ok) return read.configuration
  console.error(formatProblems(read.problems))
  return undefined
}
