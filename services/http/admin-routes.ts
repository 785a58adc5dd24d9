import Router from '@koa/router'
import type { Context } from 'koa'
import { z } from 'zod'
import type { ZodOpenApiPathsObject } from 'zod-openapi'
import { BackupRefused } from '../../infrastructure/backup/backup-folder.ts'
import { bodyAs } from './json-body.ts'
import { meantDataFolder, refuseOtherFolder } from './meant-data-folder.ts'
import { answers, body, guarded, json } from './openapi-parts.ts'
import { HttpProblem } from './problem.ts'
import { isFromThisMachine } from './same-machine.ts'

const PATH = '/admin/backup'

const BackupBody = z
  .strictObject({
    directory: z
      .string()
      .min(1)
      .max(4096)
      .describe("an absolute path on the service's machine: new, or empty"),
    withKey: z.boolean().default(false).describe('whether the encryption key is copied too'),
    dataFolder: meantDataFolder,
  })
  .meta({ id: 'BackupRequest' })

/** The answer of `POST /admin/backup`. */
const BackupAnswer = z
  .object({
    directory: z.string(),
    begunAt: z.string().describe('every event acknowledged before it is in the backup'),
    head: z.string().describe('the last event of that moment'),
    hasKey: z.boolean(),
    files: z.array(z.object({ name: z.string(), bytes: z.int(), sha256: z.string() })),
  })
  .meta({ id: 'Backup' })
type BackupAnswer = z.infer<typeof BackupAnswer>

export type AdminRouteDeps = {
  dataFolder: string
  /** Rejects with BackupRefused. */
  backUp(options: { directory: string; withKey: boolean }): Promise<Omit<BackupAnswer, 'directory'>>
}

/**
 * Routes for the service's own machine alone: they name folders there. The process that holds the embedded stores keeps
 * all others from reading them, so it makes the copy itself.
 */
export function adminRoutes({ dataFolder, backUp }: AdminRouteDeps): Router {
  let running = false
  return new Router().post(PATH, async (ctx) => {
    refuseFromElsewhere(ctx)
    const read = await bodyAs(ctx, BackupBody, 'The body does not name a backup.')
    const { directory, withKey, dataFolder: meant } = read
    refuseOtherFolder(meant, dataFolder)
    if (running) throw conflict('BACKUP_RUNNING', 'A backup is being made now: wait until it is done.')
    running = true
    try {
      ctx.body = { directory, ...(await backUp({ directory, withKey })) } satisfies BackupAnswer
    } catch (error) {
      if (error instanceof BackupRefused) throw conflict(error.code, error.message)
      throw error
    } finally {
      running = false
    }
  })
}

const conflict = (code: string, detail: string) => new HttpProblem({ status: 409, code, detail })

function refuseFromElsewhere(ctx: Context): void {
  if (isFromThisMachine(ctx)) return
  throw new HttpProblem({
    status: 403,
    code: 'LOOPBACK_ONLY',
    detail: "A backup is asked for on the service's own machine: npm run calendar-sync -- backup DIRECTORY.",
  })
}

/** Its part of the OpenAPI description. */
export const adminPaths: ZodOpenApiPathsObject = {
  [PATH]: {
    post: {
      operationId: 'backUp',
      summary: "Copies the embedded stores while they are in use. From the service's own machine only.",
      tags: ['service'],
      ...guarded('operate'),
      requestBody: body(BackupBody),
      responses: answers(
        json('The backup is made.', BackupAnswer),
        '400',
        '401',
        '403',
        '409',
        '413',
        '415',
        '503',
      ),
    },
  },
}
