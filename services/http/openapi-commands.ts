import type { ZodOpenApiPathsObject } from 'zod-openapi'
import { allCommands } from '../../commands/all-commands.ts'
import { CommandAnswer } from './command-routes.ts'
import { answers, body, guarded, json, positionTold } from './openapi-parts.ts'

/** A path for each command, with the schema that checks its body. */
export const commandPaths = (): ZodOpenApiPathsObject =>
  Object.fromEntries(
    allCommands.map(({ name, summary, schema }) => [
      `/commands/${name}`,
      {
        post: {
          operationId: name,
          summary,
          tags: ['commands'],
          ...guarded('operate'),
          requestBody: body(schema),
          responses: answers(
            { ...json('Done, or done already.', CommandAnswer), headers: positionTold },
            '400',
            '401',
            '403',
            '404',
            '409',
            '413',
            '415',
            '503',
          ),
        },
      },
    ]),
  )
