import Router from '@koa/router'
import { bookingEventSchemas, jsonSchemaOf } from '../publishing/booking-event-schema.ts'
import { type AsyncApiOptions, asyncApiDocument } from './async-api.ts'

export const SCHEMAS_PATH = '/schemas'

export type PublishedSchemasDeps = AsyncApiOptions & {
  /** As in EventOrigin: where these schemas are served. */
  schemas: string
}

/**
 * The documents that consumers read before the events: GET /asyncapi.json, and each event's `dataschema` as JSON
 * Schema. A schema holds for good: a version only ever gains fields.
 */
export function publishedSchemaRoutes({ schemas, ...options }: PublishedSchemasDeps): Router {
  const router = new Router()
  for (const { path, data } of Object.values(bookingEventSchemas)) {
    const { $schema, ...rest } = jsonSchemaOf(data)
    const document = JSON.stringify({ $schema, $id: `${schemas}/${path}`, ...rest })
    router.get(`${SCHEMAS_PATH}/${path}`, (ctx) => {
      ctx.type = 'application/schema+json'
      ctx.body = document
    })
  }
  const described = asyncApiDocument(options)
  return router.get('/asyncapi.json', (ctx) => {
    ctx.body = described
  })
}
