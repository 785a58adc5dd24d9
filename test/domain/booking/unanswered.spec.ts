import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { storeTimes } from '../../../domain/times.ts'
import { from, linked, reports, sees, tracked, written } from '../../support/booking-story.ts'

const test = suite('publications that no consumer answers')

const MOVES = 100
const timeOf = (n: number) => from(`11:${String(n % 60).padStart(2, '0')}`)

function movedOften() {
  let story = linked()
  for (let n = 1; n <= MOVES; n++) story = story.when(sees(written(4 + n, timeOf(n))))
  return story
}

test('of a hundred moves without an outcome the newest are kept', () => {
  const { sequence, unanswered } = tracked(movedOften().state)
  assert.is(sequence, MOVES)
  assert.equal(
    unanswered.map((one) => one.sequence),
    Array.from({ length: 32 }, (_, n) => MOVES - 31 + n),
  )
})

test("the newest one's outcome still decides, and one that is not kept changes nothing", () => {
  const moved = movedOften()
  const late = tracked(moved.when(reports(1, 'APPLIED', 5 + MOVES)).state)
  assert.is(late.agreement, 'AWAITING')
  assert.equal(storeTimes(late.basis), storeTimes(tracked(moved.state).basis))
  const done = tracked(moved.when(reports(MOVES, 'APPLIED', 5 + MOVES)).state)
  assert.is(done.agreement, 'AGREED')
  assert.equal(storeTimes(done.basis), storeTimes(timeOf(MOVES)))
  assert.equal(done.unanswered, [])
})

test.run()
