// The catalogue of decisions, and docs/rules.md, which is held to it.
import { readFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { decisions, type Entry, isDecisionCode } from '../../../domain/booking/decisions.ts'

const test = suite('the catalogue of decisions')

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8')
const document = read('docs/rules.md')

/** The rows of the tables under a heading, up to the next heading of the same depth: code, and what it leaves. */
function rowsUnder(heading: string): { code: string; leaves: string }[] {
  const [, section = ''] = document.split(`\n## ${heading}\n`)
  const [own = ''] = section.split('\n## ')
  return [...own.matchAll(/^\| `([A-Z_]+)` \|.*\| ([^|]+) \|$/gm)].map(([, code = '', leaves = '']) => ({
    code,
    leaves,
  }))
}

/** What docs/rules.md says of an entry. */
function inWords({ leaves, held, told, diverges, looksAgain, afterMs }: Entry): string {
  const trace = {
    nothing: 'no trace',
    settles: 'settles',
    'sets aside': 'sets aside',
    flags: 'flags the booking',
    BookingRescheduled: '**acts**: `BookingRescheduled`',
    BookingCancelled: '**acts**: `BookingCancelled`',
  }
  return [
    afterMs === undefined ? trace[leaves] : `${trace[leaves]} after ${afterMs / 60_000} minutes`,
    ...(looksAgain ? ['looked at again'] : []),
    ...(held ? ['held'] : []),
    ...(told
      ? [told === 'while over' ? 'a person is told while the booking is over' : 'a person is told']
      : []),
    ...(diverges ? ['calendar and booking differ'] : []),
  ].join('; ')
}

test('docs/rules.md lists the rules in the order in which they are asked', () => {
  const source = read('domain/booking/rules.ts')
  const asked = [...source.matchAll(/\{\s*code: '([A-Z_]+)',\s*when/g)].map(([, code]) => code)
  assert.ok(asked.length > 20)
  assert.equal(
    rowsUnder('The rules').map(({ code }) => code),
    asked,
  )
})

test('docs/rules.md says of every code what it leaves, in the words of the catalogue', () => {
  const rows = ['The rules', 'Before a decision may act', 'Outside the table'].flatMap(rowsUnder)
  for (const { code, leaves } of rows) {
    assert.ok(isDecisionCode(code), code)
    if (isDecisionCode(code)) assert.is(leaves, inWords(decisions[code]), code)
  }
  assert.equal([...new Set(rows.map(({ code }) => code))].sort(), Object.keys(decisions).sort())
})

test('what a person is told says what can be done about it', () => {
  for (const [code, entry] of Object.entries<Entry>(decisions))
    if (entry.told) assert.ok(entry.remedy, `${code} has no remedy`)
})

test.run()
