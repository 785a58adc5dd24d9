import Router from '@koa/router'
import { z } from 'zod'
import { allCommands } from '../../commands/all-commands.ts'
import type { CommandContext, CommandPorts, CommandResult } from '../../commands/command.ts'
import { defined } from '../../domain/optional-fields.ts'
import type { Metrics } from '../../ports/metrics.ts'
import { jsonBody } from './json-body.ts'
import { HttpProblem, invalid } from './problem.ts'
import { commandContextOf } from './request-facts.ts'
import { storedInPart } from './stored-in-part.ts'

/** The answer to a command that was taken. */
export const CommandAnswer = z
  .object({
    id: z.string().describe('of the thing commanded: the same however often the command is sent'),
    stream: z.string(),
    revision: z.int().min(-1).describe("the stream's last revision, from 0; -1 where it does not exist"),
    events: z.array(z.string()).describe('names of the events appended; none: it was so already'),
    decision: z
      .object({ code: z.string(), sentence: z.string() })
      .optional()
      .describe('why, where the command is a question with many answers'),
  })
  .meta({ id: 'CommandAnswer' })

/** Queries wait for the position in this header; commands answer with it. */
export const CONSISTENCY_POSITION = 'X-Consistency-Position'

export type CommandRouteDeps = { ports: CommandPorts; metrics: Metrics }

/** Sends a checked body to its own command. */
type Handler = (body: unknown, ports: CommandPorts, context: CommandContext) => Promise<CommandResult>

/** POST /commands/{CommandName}: the one way in for everything that changes something. */
export function commandRoutes({ ports, metrics }: CommandRouteDeps): Router {
  const byName = new Map(allCommands.map((command) => [command.name as string, command]))
  const router = new Router()
  router.post('/commands/:name', async (ctx) => {
    const { name = '' } = ctx.params
    const command = byName.get(name)
    if (command === undefined)
      throw new HttpProblem({
        status: 404,
        code: 'COMMAND_UNKNOWN',
        detail: 'There is no command of this name; names are case-sensitive.',
        commands: [...byName.keys()],
      })
    const body = command.schema.safeParse(await jsonBody(ctx))
    if (!body.success) {
      metrics.commandHandled(command.name, 'BODY_INVALID')
      throw invalid('BODY_INVALID', `The body does not fit ${command.name}.`, body.error)
    }
    // The body was made by this very command's schema, which a list of different commands cannot show.
    const handle = command.handle as Handler
    const context = commandContextOf(ctx, ports.newId)
    const result = await storedInPart(ports, (noticed) => handle(body.data, noticed, context))
    metrics.commandHandled(command.name, outcomeOf(result))
    if (!result.ok) throw new HttpProblem(result)
    const position = result.position ?? (await ports.events.head())
    if (position !== '') ctx.set(CONSISTENCY_POSITION, position)
    ctx.body = answerOf(result)
  })
  return router
}

const outcomeOf = (result: CommandResult): string =>
  result.ok ? (result.events.length > 0 ? 'accepted' : 'unchanged') : result.code

const answerOf = ({
  id,
  stream,
  revision,
  events,
  decision,
}: Extract<CommandResult, { ok: true }>): z.infer<typeof CommandAnswer> => ({
  id,
  stream,
  revision,
  events: events.map(({ type }) => type),
  ...defined({ decision }),
})
