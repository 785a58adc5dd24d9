import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { errorCode } from '../logging/error-facts.ts'

/** Variables by name, as a process has them. */
export type Environment = { readonly [variable: string]: string | undefined }

/**
 * The process's variables and, for those that it has not set, what the file `.env` in `folder` says, where there is
 * one. A variable that the process has set wins, even where it is set to nothing. Throws where the file is there and
 * cannot be read.
 */
export function loadEnvironment(folder: string, own: Environment): Environment {
  return { ...readEnvFile(join(folder, '.env')), ...own }
}

function readEnvFile(path: string): Environment {
  try {
    return parseEnv(readFileSync(path, 'utf8'))
  } catch (cause) {
    if (errorCode(cause) === 'ENOENT') return {}
    throw new Error(`${path} cannot be read`, { cause })
  }
}
