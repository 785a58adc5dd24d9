import { z } from 'zod'
import { text } from './body-fields.ts'
import { defineCommand, notFound } from './command.ts'

export const SkipParked = defineCommand({
  name: 'SkipParked',
  summary: 'Skips a parked event. Events that waited behind it follow within two seconds.',
  schema: z.object({ projection: text(255), position: text(64) }),
  async handle(body, ports) {
    const parked = await ports.requestForParked({ ...body, want: 'SKIP' })
    if (parked === undefined) return notFound('PARKED_EVENT_UNKNOWN', 'No such event is parked.')
    const { stream, revision } = parked
    return { ok: true, id: `${body.projection}@${body.position}`, stream, revision, events: [] }
  },
})
