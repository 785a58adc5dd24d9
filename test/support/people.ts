// Words for stories that assert only on what guests, hosts, operators and Cal.com's developers see.
import { createHmac } from 'node:crypto'
import * as assert from 'uvu/assert'
import { ownSurroundings } from '../../composition/own-surroundings.ts'
import { decisionOf } from '../../domain/booking/decisions.ts'
import {
  calcomWebhook,
  knownVersions,
  mayBeSigned,
  signatureHeader,
  versionHeader,
} from '../../infrastructure/calcom/webhook.ts'
import { createMetrics } from '../../infrastructure/metrics/metrics.ts'
import type { BookingItem, Timeline } from '../../services/http/answers.ts'
import { calcomWebhookRoutes } from '../../services/http/calcom-webhook.ts'
import { feedRoutes } from '../../services/http/feed.ts'
import { feedTail } from '../../services/http/feed-tail.ts'
import { deliveryLog } from '../../services/status/calcom-deliveries.ts'
import type { StatusReport } from '../../services/status/status-report.ts'
import { operatorsView } from './operators-view.ts'
import { inSync, type SyncFixture } from './sync-fixture.ts'
import { SECRET, type SyncWorldOptions } from './sync-world.ts'

const ORIGIN = { source: 'urn:uuid:0b8f', schemas: 'https://sync.example.com/schemas' }

export type Told = StatusReport['needsPerson'][number]
export type People = Awaited<ReturnType<typeof peopleOf>>
export type Story = SyncFixture & { people: People }

/** Runs a story in a fixture of its own with people who look at it over HTTP. All is closed whatever comes of it. */
export const inStory = (
  options: SyncWorldOptions,
  tell: (story: Story) => Promise<void>,
): (() => Promise<void>) =>
  inSync(options, async (sync) => {
    const people = await peopleOf(sync)
    try {
      await tell({ ...sync, people })
    } finally {
      await people.leave()
    }
  })

type Way = readonly [name: string, options: SyncWorldOptions]

/** The same story with Cal.com's API, with one key or with a key for each user. */
export const askedWays: readonly Way[] = [
  ['with one key', {}],
  ['with a key per user', { keysOf: ['1', '2'] }],
]
/** The same, and without the API. */
export const ways: readonly Way[] = [...askedWays, ['without the API', { view: false }]]

async function peopleOf(sync: SyncFixture) {
  const { ports, clock } = sync
  const { events, log } = ports
  const ended = new AbortController()
  const { signal } = ended
  const feed = { events, tail: feedTail({ events, clock, log, signal }), origin: ORIGIN, log, signal }
  const metrics = createMetrics()
  const deliveries = deliveryLog({ now: ports.now })
  const readDelivery = calcomWebhook({ secrets: [SECRET] })
  const { url, ask, close } = await operatorsView(sync, {
    metrics,
    surroundings: ownSurroundings({
      now: ports.now,
      filesTakeWrites: async () => {},
      calcom: sync.calcomApi,
      deliveries: deliveries.needsPerson,
      clientFailures: () => [],
      loops: () => [],
      unforeseen: () => [],
    }),
    open: [
      calcomWebhookRoutes({
        readDelivery,
        mayBeSigned: mayBeSigned({ secrets: [SECRET] }),
        signatureHeader,
        versionHeader,
        knownVersions,
        deliveries,
        metrics,
        intake: sync.intake,
      }),
    ],
    guarded: [{ router: feedRoutes(feed), scope: 'read' }],
  })

  async function look<T>(path: string): Promise<T> {
    await sync.projections.caughtUp('all')
    const { status, body } = await ask('GET', path)
    if (status !== 200) throw new Error(`GET ${path}: ${status} ${JSON.stringify(body)}`)
    return body as T // what the routes answer with 200; that it fits its schema is a test of its own
  }

  const people = {
    /** Any call of the service's, as the operator. */
    ask,
    booking: (uid: string) => look<BookingItem>(`/bookings/${uid}`),
    timeline: (uid: string) => look<Timeline>(`/bookings/${uid}/timeline`),
    status: () => look<StatusReport>('/status'),
    syncs: async () =>
      (await look<{ items: { userId: string; externalCalendarId: string }[] }>('/calendar-syncs')).items,
    subscriptions: async () =>
      (await look<{ items: { externalCalendarId: string; status: string }[] }>('/subscriptions')).items,

    /** What Cal.com gets for a signed delivery with this body. */
    async deliver(body: string, contentType = 'application/json') {
      const signature = createHmac('sha256', SECRET).update(body).digest('hex')
      const headers = { 'content-type': contentType, [signatureHeader]: signature }
      const answer = await fetch(`${url}/webhooks/calcom`, { method: 'POST', headers, body })
      return { status: answer.status, text: await answer.text() }
    },

    /** What was published, oldest first: who is told what, and of which host. */
    async feed(): Promise<string[]> {
      type Published = { type: string; data: { bookingUid: string; next?: { start: string } } }
      const batch = await look<Published[]>('/booking-events?limit=1000')
      return batch.map(({ type, data }) =>
        type === 'BookingCancelled'
          ? `${data.bookingUid} cancelled`
          : `${data.bookingUid} to ${data.next?.start}`,
      )
    },
    /** In whose name the last event was published. */
    async lastUser(): Promise<string | undefined> {
      return (await look<{ data: { userId: string } }[]>('/booking-events?limit=1000')).at(-1)?.data.userId
    },

    /** What waits for a person about a booking. */
    async toldAbout(uid: string): Promise<Told[]> {
      return (await people.status()).needsPerson.filter(({ bookingUid }) => bookingUid === uid)
    },
    /** A person is told of the booking in all places, under this code (any, unless given), and what to do next. */
    async isTold(uid: string, code?: string): Promise<void> {
      const entries = await people.toldAbout(uid)
      const { attention } = await people.booking(uid)
      const seen = JSON.stringify({ attention, needsPerson: entries })
      const entry = entries.find((one) => code === undefined || one.code === code)
      assert.ok(entry, `nobody is told of ${uid}${code ? ` by ${code}` : ''}: ${seen}`)
      assert.ok(entry.sentence.length > 10 && entry.next.length > 5, `too little is said: ${seen}`)
      const { remedy = '' } = decisionOf(entry.code) ?? {}
      assert.ok(entry.next.toLowerCase().startsWith(remedy.toLowerCase()), `another remedy is said: ${seen}`)
      assert.ok(attention, `the booking shows nothing: ${seen}`)
      const { entries: history } = await people.timeline(uid)
      assert.match(JSON.stringify(history), entry.code, 'the timeline does not say it')
    },
    /** Nothing waits for a person about the booking. */
    async isUntold(uid: string): Promise<void> {
      const { attention } = await people.booking(uid)
      const seen = JSON.stringify({ attention, needsPerson: await people.toldAbout(uid) })
      assert.equal(await people.toldAbout(uid), [], seen)
      assert.not.ok(attention, seen)
    },

    /** Whether the booking is followed, as `GET /bookings` says. */
    async isOpen(uid: string): Promise<void> {
      const { status, rescheduledToUid, closedReason } = await people.booking(uid)
      const seen = JSON.stringify({ rescheduledToUid, closedReason })
      assert.is(status, 'ACCEPTED', `the booking ${uid} is followed on: ${seen}`)
    },

    /** Whether the booking is over, as `GET /bookings` says. */
    async isOver(uid: string): Promise<void> {
      assert.is.not((await people.booking(uid)).status, 'ACCEPTED', `the booking ${uid} is over`)
    },

    async leave(): Promise<void> {
      ended.abort()
      await close()
    },
  }
  return people
}
