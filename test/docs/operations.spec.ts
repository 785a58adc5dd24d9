// docs/operations.md is held to what the code says to operators: the codes of the catalogue and of the status, the reasons
// of holds, and every log line but those at `debug`.
import { readdirSync, readFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { decisions } from '../../domain/booking/decisions.ts'
import { refusals } from '../../domain/booking/refusals.ts'

const test = suite('docs/operations.md')

const root = new URL('../../', import.meta.url)
const read = (path: string) => readFileSync(new URL(path, root), 'utf8')
const document = read('docs/operations.md')

const sourcesOf = (folder: string): string[] =>
  readdirSync(new URL(folder, root), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => read(`${folder}/${name}`))

/** The first column of the tables under a heading, up to the next heading of the same depth. */
function rowsUnder(heading: string): string[] {
  const [, section = ''] = document.split(`\n## ${heading}\n`)
  const [own = ''] = section.split('\n## ')
  return [...own.matchAll(/^\| (`[^|]*) \|/gm)].map(([, cell = '']) => cell)
}

const codesIn = (cells: readonly string[]): string[] =>
  cells.flatMap((cell) => [...cell.matchAll(/`([A-Z_]+)`/g)].map(([, code = '']) => code))

const lacking = (wanted: Iterable<string>, there: readonly string[]): string[] =>
  [...new Set(wanted)].filter((one) => !there.includes(one))

const sources = ['services', 'composition', 'infrastructure', 'commands', 'cli'].flatMap(sourcesOf)

test('says of every code of the catalogue what to do', () => {
  const told = Object.entries(decisions).filter(([, { told }]) => told)
  const needs = codesIn(rowsUnder('What needs a person'))
  assert.equal(
    lacking(
      told.map(([code]) => code),
      needs,
    ),
    [],
  )
  assert.equal(lacking(Object.keys(decisions), [...needs, ...codesIn(rowsUnder('Other codes'))]), [])
  assert.equal(lacking(Object.keys(refusals), needs), [])
})

test('says of every other code of the status what to do, and of every reason of a hold', () => {
  const inStatus = sources
    .filter((source) => source.includes('NeedsPerson'))
    .flatMap((source) => [
      ...source.matchAll(/\bcode: '([A-Z_]+)'/g),
      ...source.matchAll(/^ {2}([A-Z_]+):(?: '|$)/gm),
    ])
  const feed = read('domain/calendar/feed.ts')
  const inFeed = [...feed.matchAll(/NO_SYNC_TOKEN = '([A-Z_]+)'/g)]
  const held = Object.entries(decisions).flatMap(([code, { held }]) => (held ? [code] : []))
  const wanted = [...held, ...[...inStatus, ...inFeed].map(([, code = '']) => code)]
  for (const one of ['MASS_MOVE', 'CALCOM_API_GONE', 'NO_SYNC_TOKEN', 'FORBIDDEN'])
    assert.ok(wanted.includes(one), `${one} is looked for`)
  assert.equal(lacking(wanted, codesIn(rowsUnder('What needs a person'))), [])
})

/** The text of each call of the log but at `debug`: its last string, with a name in capitals for what is put in. */
function linesOf(source: string): string[] {
  return [...source.matchAll(/\blog\??\.(info|warn|error|fatal)\(/g)].flatMap(({ 0: call, index }) => {
    const begin = index + call.length
    const strings = source.slice(begin, endOfCall(source, begin)).matchAll(/'((?:[^'\\]|\\.)*)'|`([^`]*)`/g)
    const [last] = [...strings].slice(-1)
    return last ? [withNames(last[1] ?? last[2] ?? '')] : []
  })
}

/** Where the bracket that opened before `begin` is closed. */
function endOfCall(source: string, begin: number): number {
  let depth = 1
  for (let at = begin; at < source.length; at++) {
    if (source[at] === '(') depth++
    if (source[at] === ')' && --depth === 0) return at
  }
  return source.length
}

const withNames = (text: string): string =>
  text.replaceAll(/\$\{([^}]+)\}/g, (_, name) =>
    name === 'role' ? 'ROLE' : name === 'what' ? 'THING' : 'NAME',
  )

const inQuotes = (cells: readonly string[]): string[] =>
  cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, one = '']) => one))

/** Everything of which a line may say that it does not answer. */
function things(): string[] {
  const given = sources.flatMap((source) => [
    ...source.matchAll(/(?:untilItAnswers|outages\.failed)\(\s*['`]([^'`]+)['`]/g),
    ...source.matchAll(/const (?:QUEUE|PUBLISHING|what|asked) = ['`]([^'`]+)['`]/g),
  ])
  const names = given.map(([, name = '']) => name.replaceAll(/\$\{[^}]+\}/g, 'NAME'))
  return [...new Set(names.map((name) => name.replace(/^(signal queue for) .*/, '$1 NAME')))]
}

test('has every log line, and none that nobody writes', () => {
  const written = [...sources.flatMap(linesOf), ...things()]
  assert.ok(written.length > 50, String(written.length))
  const listed = inQuotes(rowsUnder('Log lines'))
  assert.equal(lacking(written, listed), [], 'not listed')
  assert.equal(lacking(listed, written), [], 'not written')
})

test('says where each wait is set', () => {
  const [, section = ''] = document.split('\n## What waits\n')
  const [own = ''] = section.split('\n## ')
  const set = [...own.matchAll(/((?:`\w+`(?:, )?)+) in `([\w/.-]+)`/g)]
  assert.ok(set.length > 10, String(set.length))
  for (const [, names = '', path = ''] of set)
    for (const [, name = ''] of names.matchAll(/`(\w+)`/g))
      assert.match(read(path), new RegExp(`\\b${name}\\b`), `${name} in ${path}`)
})

test.run()
