import { z } from 'zod'
import { type PolicyScope, setSyncPolicy } from '../domain/calendar/policy.ts'
import { syncPolicyAggregate } from './aggregates.ts'
import { calendarSyncId, text, userId } from './body-fields.ts'
import { defineCommand } from './command.ts'
import { execute } from './execute.ts'

const schema = z
  .object({
    mode: z
      .enum(['apply', 'observe', 'off', 'default'])
      .describe('default takes the policy of this scope away: the next wider one decides, at last SYNC_MODE'),
    organizationId: text(255).optional(),
    userId: userId.optional(),
    calendarSyncId: calendarSyncId.optional(),
  })
  .refine(
    (body) => [body.organizationId, body.userId, body.calendarSyncId].filter(Boolean).length <= 1,
    'name one of organizationId, userId and calendarSyncId, or none for everything',
  )

export const SetSyncPolicy = defineCommand({
  name: 'SetSyncPolicy',
  summary:
    'Sets how far the service may go for an organisation, a user, one calendar sync, or everything; or takes that back.',
  schema,
  async handle(body, ports, context) {
    const scope = scopeOf(body)
    const id = scope.kind === 'everything' ? scope.kind : `${scope.kind}.${scope.id}`
    const mode = body.mode === 'default' ? undefined : body.mode
    return execute(ports, context, syncPolicyAggregate, id, (state) =>
      setSyncPolicy(state, { scope, mode, at: ports.now().toString() }),
    )
  },
})

function scopeOf(body: z.infer<typeof schema>): PolicyScope {
  if (body.calendarSyncId !== undefined) return { kind: 'calendarSync', id: body.calendarSyncId }
  if (body.userId !== undefined) return { kind: 'user', id: body.userId }
  if (body.organizationId !== undefined) return { kind: 'organization', id: body.organizationId }
  return { kind: 'everything' }
}
