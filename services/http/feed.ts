import { Readable } from 'node:stream'
import Router from '@koa/router'
import type { Context } from 'koa'
import { z } from 'zod'
import {
  type EventPage,
  type EventStore,
  type Position,
  PositionUnknown,
  START,
} from '../../ports/event-store/event-store.ts'
import type { Logger } from '../../ports/logger.ts'
import { BadCursor } from '../../ports/read-store/read-store.ts'
import { type EventOrigin, toCloudEvent } from '../publishing/booking-event.ts'
import { PUBLISHED_TYPES } from '../publishing/booking-event-schema.ts'
import { isStopped } from '../publishing/emergency-stop.ts'
import { feedStream } from './feed-stream.ts'
import type { FeedTail } from './feed-tail.ts'
import { readQuery } from './query-parameters.ts'

export const FEED_PATH = '/booking-events'
const BATCH = 'application/cloudevents-batch+json'

export const FeedQuery = z.object({
  after: z.string().default(START).describe("an event's `position`: what came after it; without it, all"),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
})

export type FeedDeps = {
  events: EventStore
  tail: FeedTail
  origin: EventOrigin
  log: Logger
  /** Aborts when the server shuts down: live streams end. */
  signal: AbortSignal
}

/**
 * GET /booking-events: the booking events as a batch of CloudEvents, or live if text/event-stream is asked for. It
 * reads the event store, so that it is right whatever else is down. While everything is stopped (SetSyncPolicy `off`)
 * batches are empty and lead nowhere, and live streams send signs of life only. Once the stop is lifted both go on from
 * the same position, so that nothing is lost.
 */
export function feedRoutes(deps: FeedDeps): Router {
  const router = new Router()
  router.get(FEED_PATH, async (ctx) => {
    const { after, limit } = readQuery(ctx, FeedQuery)
    if (ctx.accepts(BATCH, 'application/json', 'text/event-stream') === 'text/event-stream')
      await stream(ctx, deps, ctx.get('Last-Event-ID') || after)
    else await batch(ctx, deps, after, limit)
  })
  return router
}

async function batch(ctx: Context, { events, origin }: FeedDeps, after: Position, limit: number) {
  await checkCursor(events, after)
  const page = (await isStopped(events))
    ? { events: [], position: after }
    : await pageAfter(events, after, limit)
  const next = new URLSearchParams({ limit: String(limit) })
  if (page.position !== START) next.set('after', page.position)
  ctx.set('Link', `<${FEED_PATH}?${next}>; rel="next"`)
  ctx.set('Vary', 'Accept')
  ctx.type = BATCH
  ctx.body = JSON.stringify(page.events.map((event) => toCloudEvent(event, origin)))
}

async function stream(ctx: Context, { events, tail, origin, log, signal }: FeedDeps, after: Position) {
  await checkCursor(events, after)
  await pageAfter(events, after, 1)
  await tail.begin()
  const gone = new AbortController()
  ctx.res.once('close', () => gone.abort())
  const until = AbortSignal.any([signal, gone.signal])
  const render = (event: Parameters<typeof toCloudEvent>[0]) => JSON.stringify(toCloudEvent(event, origin))
  const text = feedStream({ events, tail, after, render, signal: until })
  ctx.set('Vary', 'Accept')
  // Proxies must neither keep nor gather it; the second is nginx's own.
  ctx.set('Cache-Control', 'no-store, no-transform')
  ctx.set('X-Accel-Buffering', 'no')
  ctx.type = 'text/event-stream'
  ctx.body = Readable.from(endingOn(text, log), { objectMode: false })
}

/** A stream that breaks off ends: its reader comes back with the last id that it saw. */
async function* endingOn(text: AsyncIterable<string>, log: Logger): AsyncGenerator<string, void> {
  try {
    yield* text
  } catch (err) {
    log.warn({ err }, 'feed stream ended, events could not be read')
  }
}

/** Throws BadCursor for what has the form of a position and is no place in the store: it answers nothing, now or later. */
async function pageAfter(events: EventStore, after: Position, limit: number): Promise<EventPage> {
  try {
    return await events.readAll({ after, filter: { types: PUBLISHED_TYPES }, limit })
  } catch (error) {
    if (error instanceof PositionUnknown) throw new BadCursor('no position of this store')
    throw error
  }
}

/**
 * Throws BadCursor for a text that is no position of this store: of another form, or beyond its last event. The latter
 * comes after a restored backup; going on in silence would leave out what is decided next.
 */
async function checkCursor(events: EventStore, after: Position): Promise<void> {
  if (after === START) return
  const head = await events.head()
  if (!/^\d+$/.test(after) || after.length !== head.length || after > head)
    throw new BadCursor('no position of this store')
}
