import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { START } from '../../../ports/event-store/event-store.ts'
import {
  BadCursor,
  type DocumentWrite,
  type FoundPage,
  type KeyRange,
  type ReadStore,
} from '../../../ports/read-store/read-store.ts'

/** A store of a test's own, and how to get rid of it. */
export type OpenReadStore = () => Promise<{ store: ReadStore; close(): Promise<void> }>

const bookings = { name: 'bookings', indexes: ['user', 'event', 'status'] }
const calendars = { name: 'calendars', indexes: ['user'] }

/** Positions as an event store gives them: of fixed width, sortable as text. */
const at = (n: number) => String(n).padStart(20, '0')

const putBooking = (
  id: string,
  position: number,
  keys: { [index: string]: string[] } = {},
): DocumentWrite & { position: string } => ({
  collection: 'bookings',
  id,
  put: { id, version: position },
  keys,
  position: at(position),
})
const removeBooking = (id: string, position: number): DocumentWrite & { position: string } => ({
  collection: 'bookings',
  id,
  remove: true,
  position: at(position),
})

/** What every ReadStore does; `lacking`: the tests that this server of it cannot pass, and what would run them. */
export function readStoreContract(
  name: string,
  open: OpenReadStore,
  lacking: { [sentence: string]: string } = {},
): void {
  const test = suite(`read store: ${name}`)

  function store(sentence: string, body: (store: ReadStore) => Promise<void>): void {
    const reason = lacking[sentence]
    if (reason !== undefined) {
      console.log(`SKIP ${name}: ${sentence}: ${reason}`)
      test.skip(sentence)
      return
    }
    test(sentence, async () => {
      const opened = await open()
      try {
        await opened.store.prepare([bookings, calendars])
        await body(opened.store)
      } finally {
        await opened.close()
      }
    })
  }

  store('gives a document as it was put, and undefined for one it never had', async (store) => {
    const put = { text: 'ü "quoted" \u{1F600}', list: [1, null, { deep: true }], empty: {} }
    await store.write([{ collection: 'bookings', id: 'a', put, position: at(1) }])
    assert.equal(await store.get('bookings', 'a'), put)
    assert.is(await store.get('bookings', 'b'), undefined)
    assert.is(await store.get('calendars', 'a'), undefined)
  })

  store('gives many documents at once, those that are there', async (store) => {
    await store.write([putBooking('a', 1), putBooking('b', 2), putBooking('c', 3), removeBooking('c', 4)])
    const found = await store.getMany('bookings', ['a', 'b', 'b', 'c', 'none'])
    assert.equal([...found.keys()].sort(), ['a', 'b'])
    assert.is((await store.getMany('bookings', [])).size, 0)
  })

  store('leaves a document that has seen the same or a later position', async (store) => {
    await store.write([putBooking('a', 5, { user: ['u5'] })])
    await store.write([putBooking('a', 4, { user: ['u4'] })])
    await store.write([{ ...putBooking('a', 5, { user: ['again'] }), put: { other: true } }])
    assert.equal(await store.get('bookings', 'a'), { id: 'a', version: 5 })
    assert.equal(await ids(store, 'user', { prefix: '' }), ['a'])
    assert.is(await store.count('bookings', 'user', { oneOf: ['u4', 'again'] }), 0)
    await store.write([putBooking('a', 6)])
    assert.equal(await store.get('bookings', 'a'), { id: 'a', version: 6 })
  })

  store('keeps the guard of a removed document', async (store) => {
    await store.write([putBooking('a', 1, { user: ['u'] }), removeBooking('a', 3)])
    assert.is(await store.get('bookings', 'a'), undefined)
    assert.equal(await ids(store, 'user', { prefix: '' }), [])
    await store.write([putBooking('a', 2, { user: ['u'] })])
    assert.is(await store.get('bookings', 'a'), undefined)
    await store.write([putBooking('a', 4, { user: ['u'] })])
    assert.equal(await store.get('bookings', 'a'), { id: 'a', version: 4 })
    assert.equal(await ids(store, 'user', { prefix: '' }), ['a'])
  })

  store('does not remove what was put later', async (store) => {
    await store.write([putBooking('a', 5), removeBooking('a', 4)])
    assert.equal(await store.get('bookings', 'a'), { id: 'a', version: 5 })
  })

  store('guards a document that was removed before it was ever put', async (store) => {
    await store.write([removeBooking('a', 4)])
    await store.write([putBooking('a', 3)])
    assert.is(await store.get('bookings', 'a'), undefined)
  })

  store('applies several writes of one document in one call, in their order', async (store) => {
    await store.write([
      putBooking('a', 1, { user: ['one'] }),
      putBooking('a', 2, { user: ['two'] }),
      putBooking('a', 3, { user: ['three'] }),
    ])
    assert.equal(await store.get('bookings', 'a'), { id: 'a', version: 3 })
    assert.equal(await keys(store, 'user'), ['three'])
  })

  store('finds by the keys of the newest write only', async (store) => {
    await store.write([putBooking('a', 1, { user: ['u1'], event: ['e1', 'e2'] })])
    await store.write([putBooking('a', 2, { user: ['u1'], event: ['e2', 'e3'] })])
    assert.equal(await keys(store, 'event'), ['e2', 'e3'])
    assert.equal(await keys(store, 'user'), ['u1'])
    assert.equal(await keys(store, 'status'), [])
    await store.write([putBooking('a', 3)])
    assert.equal(await keys(store, 'event'), [])
  })

  store('takes a key given twice for one', async (store) => {
    await store.write([putBooking('a', 1, { event: ['e', 'e'] })])
    assert.equal(await keys(store, 'event'), ['e'])
  })

  store('finds by one of several keys, once for each key that matches', async (store) => {
    await store.write([
      putBooking('a', 1, { event: ['x', 'y'] }),
      putBooking('b', 2, { event: ['y'] }),
      putBooking('c', 3, { event: ['z'] }),
    ])
    const page = await store.find('bookings', 'event', { oneOf: ['y', 'x', 'x', 'none'] }, { limit: 10 })
    assert.equal(pairs(page), ['x a', 'y a', 'y b'])
    assert.equal(page.items[0]?.document, { id: 'a', version: 1 })
    assert.is(page.next, null)
    assert.is(await store.count('bookings', 'event', { oneOf: ['y', 'x', 'none'] }), 3)
    assert.equal(await ids(store, 'event', { oneOf: [] }), [])
  })

  store('finds by prefix and by a span of keys, ordered by key, then id', async (store) => {
    await store.write([
      putBooking('4', 1, { user: ['u/2026-03'] }),
      putBooking('3', 2, { user: ['u/2026-02'] }),
      putBooking('2', 3, { user: ['u/2026-02'] }),
      putBooking('1', 4, { user: ['u/2026-01'] }),
      putBooking('5', 5, { user: ['v/2026-01'] }),
    ])
    assert.equal(await ids(store, 'user', { prefix: 'u/' }), ['1', '2', '3', '4'])
    assert.equal(await ids(store, 'user', { prefix: 'u/2026-02' }), ['2', '3'])
    assert.equal(await ids(store, 'user', { prefix: '' }), ['1', '2', '3', '4', '5'])
    assert.equal(await ids(store, 'user', { from: 'u/2026-02', to: 'u/2026-03' }), ['2', '3'])
    assert.equal(await ids(store, 'user', { from: 'u/2026-03', to: 'u/2026-02' }), [])
    assert.is(await store.count('bookings', 'user', { prefix: 'u/' }), 4)
    assert.is(await store.count('bookings', 'user', { from: 'u/2026-02', to: 'w' }), 4)
  })

  store('orders text by its code points and bounds a prefix exactly', async (store) => {
    const texts = ['%', '_', 'a', 'a\u007f', 'aé', 'a\u{ffff}', 'a\u{1F600}', 'a\u{10FFFF}', 'b']
    await store.write(texts.map((text, n) => putBooking(`id${n}`, n + 1, { user: [text] })))
    assert.equal(await keys(store, 'user'), texts)
    assert.equal(await keys(store, 'user', { prefix: 'a' }), texts.slice(2, 8))
    assert.equal(await keys(store, 'user', { prefix: 'a\u{10FFFF}' }), ['a\u{10FFFF}'])
    assert.equal(await keys(store, 'user', { prefix: '%' }), ['%'])
  })

  store('pages through keys without gaps or doubles while documents are written', async (store) => {
    const all = Array.from({ length: 25 }, (_, n) => `b${String(n).padStart(2, '0')}`)
    await store.write(all.map((id, n) => putBooking(id, n + 1, { user: ['u'], status: [`s${n % 3}`] })))
    const ranges: [string, KeyRange][] = [
      ['user', { oneOf: ['u'] }],
      ['user', { prefix: 'u' }],
      ['status', { oneOf: ['s2', 's0', 's1'] }],
      ['status', { from: 's', to: 't' }],
    ]
    let position = 100
    for (const [index, range] of ranges) {
      const seen: string[] = []
      for (let after: string | undefined, pages = 1; ; pages++) {
        const page = await store.find('bookings', index, range, { limit: 4, ...(after ? { after } : {}) })
        seen.push(...page.items.map((item) => item.id))
        // Written again under the same keys: its place stays.
        position += 1
        const again = Number(all.indexOf('b03'))
        await store.write([putBooking('b03', position, { user: ['u'], status: [`s${again % 3}`] })])
        if (page.next === null) {
          assert.is(pages, 7)
          break
        }
        after = page.next
      }
      assert.equal([...seen].sort(), all)
      if (index === 'user') assert.equal(seen, all)
    }
  })

  store('ends without a cursor when a page is exactly full', async (store) => {
    await store.write([putBooking('a', 1, { user: ['u'] }), putBooking('b', 2, { user: ['u'] })])
    assert.is((await store.find('bookings', 'user', { oneOf: ['u'] }, { limit: 2 })).next, null)
    assert.is((await store.list('bookings', { limit: 2 })).next, null)
  })

  store('lists all documents by id, page by page', async (store) => {
    await store.write(['c', 'a', 'e', 'b', 'd', 'x'].map((id, n) => putBooking(id, n + 1)))
    await store.write([removeBooking('x', 50)])
    const first = await store.list('bookings', { limit: 3 })
    assert.equal(pairs(first), ['a a', 'b b', 'c c'])
    assert.ok(first.next)
    const second = await store.list('bookings', { limit: 3, after: first.next })
    assert.equal(pairs(second), ['d d', 'e e'])
    assert.is(second.next, null)
  })

  store('refuses a cursor that it did not give, or gave for something else', async (store) => {
    await store.write(
      ['a', 'b', 'c'].map((id, n) => putBooking(id, n + 1, { user: [`u${n}`], status: [`u${n}`] })),
    )
    const page = await store.find('bookings', 'user', { prefix: 'u' }, { limit: 1 })
    const given = page.next ?? ''
    const find = (after: string, index = 'user', range: KeyRange = { prefix: 'u' }) =>
      store.find('bookings', index, range, { after, limit: 1 })
    assert.equal(pairs(await find(given)), ['u1 b'])
    for (const bad of ['', 'nonsense', '%%%', 'bnVsbA', `${given}A`, `${given}=`, given.slice(0, -2)]) {
      await rejects(find(bad), isBadCursor)
      await rejects(store.list('bookings', { after: bad, limit: 1 }), isBadCursor)
    }
    await rejects(find(given, 'status'), isBadCursor)
    await rejects(find(given, 'user', { oneOf: ['u1'] }), isBadCursor)
    await rejects(store.list('bookings', { after: given, limit: 1 }), isBadCursor)
    const listed = await store.list('bookings', { limit: 1 })
    await rejects(find(listed.next ?? ''), isBadCursor)
  })

  store(
    'refuses an index that was not declared, also in a write, which then stores nothing',
    async (store) => {
      await rejects(store.find('bookings', 'colour', { prefix: '' }, { limit: 1 }), /colour/)
      await rejects(store.count('calendars', 'event', { prefix: '' }), /event/)
      await rejects(store.write([putBooking('a', 1), putBooking('b', 1, { colour: ['red'] })]), /colour/)
      await rejects(store.find('unheard', 'user', { prefix: '' }, { limit: 1 }), /unheard/)
      assert.is(await store.get('bookings', 'a'), undefined)
    },
  )

  store('keeps collections apart', async (store) => {
    await store.write([
      putBooking('same', 1, { user: ['u'] }),
      {
        collection: 'calendars',
        id: 'same',
        put: { calendar: true },
        keys: { user: ['u'] },
        position: at(1),
      },
    ])
    assert.equal(await store.get('calendars', 'same'), { calendar: true })
    assert.is(await store.count('bookings', 'user', { oneOf: ['u'] }), 1)
  })

  store('moves a checkpoint forward only', async (store) => {
    assert.is(await store.checkpoint('p'), START)
    await store.write([putBooking('a', 1)], { projection: 'p', position: at(7) })
    assert.is(await store.checkpoint('p'), at(7))
    await store.write([], { projection: 'p', position: at(6) })
    assert.is(await store.checkpoint('p'), at(7))
    await store.write([], { projection: 'p', position: at(8) })
    assert.is(await store.checkpoint('p'), at(8))
    assert.is(await store.checkpoint('other'), START)
  })

  store('clears one collection with its guards and one checkpoint', async (store) => {
    await store.write([putBooking('a', 5, { user: ['u'] }), removeBooking('b', 9)], {
      projection: 'p',
      position: at(9),
    })
    await store.write(
      [{ collection: 'calendars', id: 'c', put: {}, keys: { user: ['u'] }, position: at(1) }],
      { projection: 'q', position: at(1) },
    )
    await store.clear('bookings', 'p')
    assert.is(await store.checkpoint('p'), START)
    assert.is(await store.checkpoint('q'), at(1))
    assert.equal(await ids(store, 'user', { prefix: '' }), [])
    assert.equal((await store.list('bookings', { limit: 9 })).items, [])
    assert.equal(await store.get('calendars', 'c'), {})
    assert.is(await store.count('calendars', 'user', { oneOf: ['u'] }), 1)
    await store.write([putBooking('a', 1, { user: ['u'] }), putBooking('b', 1)])
    assert.equal(await store.get('bookings', 'a'), { id: 'a', version: 1 })
    assert.equal(await store.get('bookings', 'b'), { id: 'b', version: 1 })
  })

  store('takes 2,500 keys in one look-up, and many documents in one write', async (store) => {
    const many = Array.from({ length: 2500 }, (_, n) => n)
    await store.write(many.map((n) => putBooking(`b${n}`, n + 1, { event: [`e${n}`] })))
    const wanted = many.map((n) => `e${n * 2}`)
    const page = await store.find('bookings', 'event', { oneOf: wanted }, { limit: 2500 })
    assert.is(page.items.length, 1250)
    assert.is(page.next, null)
    assert.is(
      (
        await store.getMany(
          'bookings',
          many.map((n) => `b${n * 2}`),
        )
      ).size,
      1250,
    )
  })

  store('prepares the same collections again without losing anything', async (store) => {
    await store.write([putBooking('a', 1, { user: ['u'] })])
    await store.prepare([{ name: 'bookings', indexes: ['user', 'event', 'status', 'more'] }])
    assert.equal(await ids(store, 'user', { oneOf: ['u'] }), ['a'])
    assert.equal(await ids(store, 'more', { prefix: '' }), [])
  })

  store('ends with the highest position when many write one document at once', async (store) => {
    const positions = Array.from({ length: 100 }, (_, n) => ((n * 37) % 100) + 1)
    await Promise.all(positions.map((n) => store.write([putBooking('a', n, { user: [`u${n}`] })])))
    assert.equal(await store.get('bookings', 'a'), { id: 'a', version: 100 })
    assert.equal(await keys(store, 'user'), ['u100'])
  })

  test.run()
}

async function ids(store: ReadStore, index: string, range: KeyRange): Promise<string[]> {
  return (await store.find('bookings', index, range, { limit: 1000 })).items.map((item) => item.id)
}

async function keys(store: ReadStore, index: string, range: KeyRange = { prefix: '' }): Promise<string[]> {
  return (await store.find('bookings', index, range, { limit: 1000 })).items.map((item) => item.key)
}

const pairs = (page: FoundPage) => page.items.map((item) => `${item.key} ${item.id}`)

const isBadCursor = (error: unknown) => error instanceof BadCursor && error.code === 'BAD_CURSOR'

async function rejects(promise: Promise<unknown>, expected: RegExp | ((error: unknown) => boolean)) {
  const error = await promise.then(
    () => assert.unreachable('should have been refused'),
    (error: unknown) => error,
  )
  const message = error instanceof Error ? error.message : String(error)
  assert.ok(expected instanceof RegExp ? expected.test(message) : expected(error), message)
}
