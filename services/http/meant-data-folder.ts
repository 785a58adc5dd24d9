import { z } from 'zod'
import { HttpProblem } from './problem.ts'

/** In a body: which data folder the caller means, so that a request that reached another service does nothing. */
export const meantDataFolder = z
  .string()
  .optional()
  .describe('the data folder that is meant; another one than the service has is refused')

/** Throws HttpProblem 409 OTHER_DATA_FOLDER where another folder is meant than this service has. */
export function refuseOtherFolder(meant: string | undefined, dataFolder: string): void {
  if (meant === undefined || meant === dataFolder) return
  throw new HttpProblem({
    status: 409,
    code: 'OTHER_DATA_FOLDER',
    detail: `This service runs on ${dataFolder}, not on ${meant}.`,
  })
}
