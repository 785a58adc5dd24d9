import * as assert from 'uvu/assert'
import { suite } from '../support/ahead.ts'
import { inStory } from '../support/story.ts'
import { moved, type Story } from '../support/story-words.ts'

const test = suite('deliveries of Cal.com’s with holes')
const two = { hours: 2 }

/** The names of all fields of a body, as paths. */
function pathsOf(value: unknown, path: string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, inner]) => [
    [...path, name],
    ...pathsOf(inner, [...path, name]),
  ])
}
/** The same body with null in one field. */
function withNull(body: string, [...path]: string[]): string {
  const whole = JSON.parse(body)
  const last = path.pop() ?? ''
  const parent = path.reduce((inner, name) => inner[name], whole)
  parent[last] = null
  return JSON.stringify(whole)
}
/** A change at Cal.com whose webhook goes missing; it is given in place of being sent. */
async function unsent(story: Story, change: () => ReturnType<Story['calcom']['cancel']>) {
  story.calcom.faults.dropWebhooks = 1
  const outcome = change()
  if (!outcome.ok) throw new Error(outcome.message)
  await story.during(outcome.settled)
  return { uid: outcome.booking.uid, body: story.calcom.webhooks.log.at(-1)?.body ?? '' }
}
const statusOf = async (story: Story, uid: string): Promise<string> =>
  (await story.ask('GET', `/bookings/${uid}`)).body.status

const bookedAt = (story: Story, n: number) => story.clock.now().add({ hours: 30 + n })

test(
  'a booking is followed whichever field of its announcement is null',
  inStory({}, async (story) => {
    await story.host()
    const book = (n: number) =>
      unsent(story, () => story.calcom.book({ userId: 1, start: bookedAt(story, n) }))
    const paths = pathsOf(JSON.parse((await book(0)).body))
    assert.ok(paths.length > 30, `${paths.length} fields`)
    const uids: string[] = []
    for (const [n, path] of paths.entries()) {
      const { uid, body } = await book(n + 1)
      const { status } = await story.calcomDelivers(withNull(body, path))
      assert.ok(status === 200 || status === 400, `${path.join('.')}: ${status}`)
      uids.push(uid)
    }
    await story.passHours(1.2)
    const followed = await Promise.all(uids.map((uid) => statusOf(story, uid)))
    const missing = paths.filter((_, n) => followed[n] !== 'ACCEPTED').map((path) => path.join('.'))
    assert.equal(missing, [])
    assert.equal(await story.feed(), [])
  }),
)

test(
  'a booking is over whichever field of its cancellation is null',
  inStory({}, async (story) => {
    const host = await story.host()
    const meeting = await story.meet(host)
    const first = await unsent(story, () => story.calcom.cancel(meeting.uid))
    const paths = pathsOf(JSON.parse(first.body))
    const uids: string[] = []
    for (const path of paths) {
      const { uid } = await story.meet(host)
      const { body } = await unsent(story, () => story.calcom.cancel(uid))
      const { status } = await story.calcomDelivers(withNull(body, path))
      assert.ok(status === 200 || status === 400, `${path.join('.')}: ${status}`)
      uids.push(uid)
    }
    await story.passHours(1.2)
    const still = await Promise.all(uids.map((uid) => statusOf(story, uid)))
    assert.equal(
      paths.filter((_, n) => still[n] === 'ACCEPTED').map((path) => path.join('.')),
      [],
    )
    assert.equal(await story.feed(), [])
  }),
)

test(
  'a booking that moved is followed whichever field of its announcement is null',
  inStory({}, async (story) => {
    const host = await story.host()
    const move = async () => {
      const { uid, start } = await story.meet(host)
      return {
        was: uid,
        ...(await unsent(story, () => story.calcom.reschedule(uid, { start: start.add(two) }))),
      }
    }
    const paths = pathsOf(JSON.parse((await move()).body))
    const moves: { was: string; uid: string }[] = []
    for (const path of paths) {
      const { was, uid, body } = await move()
      const { status } = await story.calcomDelivers(withNull(body, path))
      assert.ok(status === 200 || status === 400, `${path.join('.')}: ${status}`)
      moves.push({ was, uid })
    }
    await story.passHours(1.2)
    const wrong: string[] = []
    for (const [n, { was, uid }] of moves.entries()) {
      const [before, after] = [await statusOf(story, was), await statusOf(story, uid)]
      if (before === 'ACCEPTED' || after !== 'ACCEPTED')
        wrong.push(`${paths[n]?.join('.')}: ${before}, ${after}`)
    }
    assert.equal(wrong, [])
    assert.equal(await story.feed(), [])
  }),
)

test(
  'a signed delivery that is no announcement at all is refused, and nothing else is',
  inStory({}, async (story) => {
    const host = await story.host()
    for (const body of [
      '',
      'null',
      '[]',
      '"text"',
      '{',
      '{}',
      '<html></html>',
      '{"payload":null}',
      'a=b&c=d',
    ])
      assert.ok([200, 400].includes((await story.calcomDelivers(body)).status), body)
    const meeting = await story.meet(host)
    await story.change(() => story.drag(meeting, meeting.start.add(two)))
    assert.equal(await story.feed(), [moved(meeting, 120)])
  }),
)

test.run()
