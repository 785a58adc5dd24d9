import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Begun, BookingEventPublisher, PublishableEvent } from '../../ports/booking-event-publisher.ts'
import { withDeadline } from '../support/deadline.ts'
import { markAt, someCloudEvent } from '../support/published-events.ts'

/** What a reader of what was published sees: the id and subject of each event, in order by subject. */
export type Published = { id: string; subject: string }

/** A place to publish to that is empty. Each `publisher` is one more that publishes there; `close` closes them all. */
export type PublisherUnderTest = {
  publisher(): BookingEventPublisher
  published(): Promise<Published[]>
  /** Bytes of an event's data that are certainly too many. */
  tooManyBytes: number
  close(): Promise<void>
}

/** Far more than brokers on a busy machine need. */
const DEADLINE_MS = 60_000

/** What every publisher of booking events does. `open` is called for each test; undefined: nothing to test it with. */
export function bookingEventPublisherContract(
  name: string,
  open: (() => Promise<PublisherUnderTest>) | undefined,
): void {
  const contract = suite(name)

  const test = (title: string, body: (under: PublisherUnderTest) => Promise<void>) => {
    if (open === undefined) return contract.skip(title, () => {})
    contract(title, async () => {
      const under = await open()
      try {
        await withDeadline(DEADLINE_MS, () => body(under))
      } finally {
        await under.close()
      }
    })
  }

  test('at the very first, nothing was published', async ({ publisher }) => {
    assert.equal(await publisher().begin(), { ok: true, last: undefined, holdsEvents: false })
  })

  test('events come out as they went in, and the next publisher learns up to where', async (under) => {
    const one = under.publisher()
    await begun(one)
    const events = ['a', 'b', 'a', 'c', 'a'].map((uid) => someCloudEvent(uid))
    assert.equal(await one.publish(events.slice(0, 3), markAt(3)), { ok: true })
    assert.equal(await one.publish(events.slice(3), markAt(5)), { ok: true })
    assert.equal(bySubject(await under.published()), bySubject(events.map(published)))
    await one.close()
    const { last, holdsEvents } = await begun(under.publisher())
    assert.is(last?.position, markAt(5).position)
    assert.is(holdsEvents, true)
  })

  test('an empty batch moves the position alone', async (under) => {
    const one = under.publisher()
    await begun(one)
    const mark = markAt(7)
    assert.equal(await one.publish([], mark), { ok: true })
    assert.equal(await under.published(), [])
    assert.equal(await one.begin(), { ok: true, last: mark, holdsEvents: true })
  })

  test('what began earlier publishes nothing once another has taken over', async (under) => {
    const [stale, fresh] = [under.publisher(), under.publisher()]
    await begun(stale)
    await stale.publish([someCloudEvent('a')], markAt(1))
    await begun(fresh)
    const refused = await stale.publish([someCloudEvent('a')], markAt(2))
    assert.is(refused.ok, false)
    assert.is(!refused.ok && refused.error, 'FENCED')
    assert.equal(await fresh.publish([someCloudEvent('a')], markAt(2)), { ok: true })
    assert.is((await under.published()).length, 2)
    // It may come back, and then it is the other that is stale.
    assert.is((await begun(stale)).last?.position, markAt(2).position)
    const other = await fresh.publish([someCloudEvent('a')], markAt(3))
    assert.is(!other.ok && other.error, 'FENCED')
  })

  test('one event that is too large keeps its whole batch back, and nothing else', async (under) => {
    const one = under.publisher()
    await begun(one)
    const large = someCloudEvent('a', { text: 'x'.repeat(under.tooManyBytes) })
    const small = someCloudEvent('b')
    // What the brokers took of a batch that they then refuse must not be mistaken for what comes next.
    for (const batch of [[small, large, someCloudEvent('c')], [large]]) {
      const refused = await one.publish(batch, markAt(3))
      assert.is(!refused.ok && refused.error, 'MESSAGE_TOO_LARGE')
    }
    assert.equal(await one.publish([small], markAt(3)), { ok: true })
    assert.equal(await under.published(), [published(small)])
  })

  test('many large events of one booking are published at once, and in order', async (under) => {
    const one = under.publisher()
    await begun(one)
    const text = 'x'.repeat(Math.floor(under.tooManyBytes / 4))
    const events = Array.from({ length: 12 }, () => someCloudEvent('a', { text }))
    assert.equal(await one.publish(events, markAt(12)), { ok: true })
    assert.equal(await under.published(), events.map(published))
  })

  test('nothing can be published before it has begun', async (under) => {
    let thrown: unknown
    try {
      await under.publisher().publish([someCloudEvent('a')], markAt(1))
    } catch (error) {
      thrown = error
    }
    assert.instance(thrown, Error)
  })

  test('it says that it works', async (under) => {
    assert.is((await under.publisher().describe()).ok, true)
  })

  contract.run()
}

async function begun(publisher: BookingEventPublisher): Promise<Begun> {
  const begun = await publisher.begin()
  if (!begun.ok) throw new Error(`${begun.error}: ${begun.message}`)
  return begun
}

const published = ({ attributes: { id = '' }, subject }: PublishableEvent): Published => ({ id, subject })

/** One booking after another, each in its own order. */
const bySubject = (all: readonly Published[]): Published[] =>
  all.toSorted((a, b) => (a.subject < b.subject ? -1 : a.subject > b.subject ? 1 : 0))
