// What Google and Cal.com answer is read up to a limit, from servers that answer without end.
import type { ServerResponse } from 'node:http'
import { createGzip } from 'node:zlib'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { calcomBookingDirectory } from '../../../infrastructure/calcom/calcom-booking-directory.ts'
import { systemClock } from '../../../infrastructure/clock/system-clock.ts'
import { googleCalendarProvider } from '../../../infrastructure/google/google-calendar-provider.ts'
import { openDatabase } from '../../../infrastructure/sqlite/database.ts'
import { sqliteVault } from '../../../infrastructure/sqlite/sqlite-vault.ts'
import { listening } from '../../support/listening.ts'

const test = suite('answers of Google and Cal.com')

const MEBIBYTE = Buffer.alloc(1024 * 1024, ' ')
const host = { credentialId: 'credential', externalCalendarId: 'host@example.com' }

/** Blanks, which JSON may begin with, until the other side has had enough. */
function endless(response: ServerResponse, gzip: boolean): void {
  response.writeHead(200, {
    'content-type': 'application/json',
    ...(gzip && { 'content-encoding': 'gzip' }),
  })
  const body = gzip ? createGzip() : response
  if (body !== response) (body as ReturnType<typeof createGzip>).pipe(response)
  let open = true
  response.on('close', () => {
    open = false
    body.destroy()
  })
  const more = () => {
    while (open && body.write(MEBIBYTE));
    if (open) body.once('drain', more)
  }
  more()
}

/** A server that answers so wherever `path` is in the address, and Google's provider and Cal.com's directory on it. */
async function withServer(
  answer: (path: string, response: ServerResponse) => void,
  work: (outside: {
    google: ReturnType<typeof googleCalendarProvider>
    calcom: ReturnType<typeof calcomBookingDirectory>
  }) => Promise<void>,
  token = true,
): Promise<void> {
  const { url, close } = await listening((request, response) => answer(request.url ?? '', response))
  const database = openDatabase(':memory:')
  const vault = sqliteVault(database, { keys: [new Uint8Array(32)], newId: () => 'key' })
  const fresh = { accessToken: 'T', expiresAt: systemClock.now().add({ hours: 1 }).toString() }
  await vault.put(host.credentialId, { kind: 'oauth', refreshToken: 'R', ...(token && fresh) })
  try {
    const google = googleCalendarProvider({ apiUrl: url, delegatedDomains: [], vault, clock: systemClock })
    await work({ google, calcom: calcomBookingDirectory({ apiUrl: url, apiKey: 'key' }) })
  } finally {
    await close()
    await database.close()
  }
}

for (const gzip of [false, true])
  test(`are given up where they do not end${gzip ? ', however small they come' : ''}`, async () => {
    const tooLarge = { ok: false, code: 'UNAVAILABLE', reason: 'ANSWER_TOO_LARGE' }
    await withServer(
      (_, response) => endless(response, gzip),
      async ({ google, calcom }) => {
        const before = process.memoryUsage().rss
        assert.equal(await google.changes(host), tooLarge)
        assert.equal(await google.event({ ...host, eventId: 'event' }), tooLarge)
        const ofCalcom = { ok: false, code: 'BAD_ANSWER', reason: 'ANSWER_TOO_LARGE' }
        assert.equal(await calcom.booking('uid', undefined), ofCalcom)
        assert.equal(await calcom.references('uid', undefined), ofCalcom)
        const grown = (process.memoryUsage().rss - before) / MEBIBYTE.length
        assert.ok(grown < 400, `${grown} MiB`)
      },
    )
    await withServer(
      (_, response) => endless(response, gzip),
      async ({ google }) => assert.equal(await google.changes(host), tooLarge),
      false,
    )
  })

test('that lead to another address are not followed, and nothing is told there', async () => {
  const told: string[] = []
  const elsewhere = await listening((request, response) => {
    told.push(request.url ?? '')
    response.end('{}')
  })
  try {
    for (const status of [301, 302, 303, 307, 308])
      await withServer(
        (path, response) => response.writeHead(status, { location: `${elsewhere.url}${path}` }).end(),
        async ({ google, calcom }) => {
          const refused = { ok: false, code: 'UNAVAILABLE', reason: 'REDIRECT_REFUSED' }
          assert.equal(await google.changes(host), refused)
          const channel = { channelId: 'c', token: 'secret', address: 'https://here.example', ttlMs: 60_000 }
          assert.equal(await google.watch({ ...host, ...channel }), refused)
          assert.equal(await google.stop({ ...host, channelId: 'c', resourceId: 'r' }), refused)
          assert.equal(await calcom.booking('uid', undefined), {
            ok: false,
            code: 'BAD_ANSWER',
            reason: 'REDIRECT_REFUSED',
          })
        },
      )
    assert.equal(told, [])
  } finally {
    await elsewhere.close()
  }
})

test('page by page end where a page leads to one read before, and after a thousand', async () => {
  for (const [tokenOf, reason] of [
    [(page: number) => `token${page % 3}`, 'PAGE_REPEATED'],
    [(page: number) => `token${page}`, 'TOO_MANY_PAGES'],
  ] as const) {
    let pages = 0
    await withServer(
      (path, response) => {
        const nextPageToken = tokenOf(pages++)
        const body = path.startsWith('/v2/')
          ? { status: 'success', data: [], pagination: { hasMore: true, nextCursor: nextPageToken } }
          : { kind: 'calendar#events', items: [], nextPageToken }
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
      },
      async ({ google, calcom }) => {
        const span = { from: systemClock.now(), to: systemClock.now().add({ hours: 1 }) }
        const instances = await google.instances({ ...host, eventId: 'event', ...span })
        assert.equal(instances, { ok: false, code: 'UNAVAILABLE', reason })
        assert.ok(pages <= 1_000, `${pages} pages`)
        let after: string | undefined
        let answer = await calcom.futureBookings({ from: span.from })
        for (let page = 0; answer.ok && page < 2_000; page++) {
          after = answer.value.next
          if (after === undefined) break
          answer = await calcom.futureBookings({ from: span.from, after })
        }
        assert.is(answer.ok, false)
      },
    )
  }
})

test('with more entries than a page may have are refused before an entry is read', async () => {
  const entries = Array.from({ length: 10_000 }, (_, index) => ({ id: `event${index}`, status: 'cancelled' }))
  await withServer(
    (path, response) => {
      const body = path.startsWith('/v2/')
        ? { status: 'success', data: entries }
        : { kind: 'calendar#events', items: entries, nextSyncToken: 'next' }
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    },
    async ({ google, calcom }) => {
      const reason = 'TOO_MANY_ENTRIES'
      assert.equal(await google.changes(host), { ok: false, code: 'UNAVAILABLE', reason })
      assert.equal(await calcom.futureBookings({ from: systemClock.now() }), {
        ok: false,
        code: 'BAD_ANSWER',
        reason,
      })
    },
  )
})

test.run()
