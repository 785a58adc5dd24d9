import { type Configuration, readConfiguration } from '../infrastructure/config/configuration.ts'
import { loadEnvironment } from '../infrastructure/config/environment.ts'
import { formatProblems } from '../infrastructure/config/problem.ts'

/** The configuration of this process, `.env` included; where it is not usable, says all that is wrong with it. */
export function configurationOrExplain(): Configuration | undefined {
  const read = readConfiguration(loadEnvironment(process.cwd(), process.env))
  if (read.ok) return read.configuration
  console.error(formatProblems(read.problems))
  return undefined
}
