import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { deleted, from, linked, minute, open, sees, written } from '../../support/booking-story.ts'

const test = suite('an event given to another organiser')

const ours = { organizerSelf: true }
const theirs = { organizerSelf: false }

test('told when the former organiser stays a guest, in every version until it is taken back', () => {
  const given = linked()
    .when(sees(written(5, from('10:00'), ours)))
    .when(sees(written(6, from('10:00'), theirs)))
  given.gives('ExternalEventChangeIgnored').by('ORGANISER_CHANGED').saying({ settles: true })
  assert.is(open(given.state).agreement, 'DIVERGED')
  const moved = given.when(sees(written(7, from('11:00'), theirs)))
  moved.gives('ExternalEventChangeIgnored').by('ORGANISER_CHANGED')
  const back = moved.when(sees(written(8, from('10:00'), ours)))
  back.by('NO_TIME_CHANGE')
  assert.is(open(back.state).agreement, 'AGREED')
})

test("a colleague's copy from the start is theirs for good, and nobody is told", () => {
  linked()
    .when(sees(written(5, from('10:00'), theirs)))
    .by('NOT_ORGANISER')
    .when(sees(written(6, from('11:00'), theirs)))
    .by('NOT_ORGANISER')
})

const bare = () => {
  const { updated: _, ...entry } = deleted(6, { idOnly: true })
  return entry
}

test('an entry of nothing but an id is no clear deletion: it is held, once, and asks for confirmation first', () => {
  const unclear = linked()
    .when(sees(written(5, from('10:00'))))
    .when(sees(bare()))
  unclear.gives('ExternalEventChangeIgnored').by('DELETION_UNCLEAR').saying({ settles: false })
  unclear.when(sees(bare())).gives().by('DELETION_UNCLEAR')
  const decision = sees(bare())(linked().state)
  assert.equal([decision.acts, decision.asks, decision.fingerprint], [false, true, '"6" cancelled'])
})

test('released by a person it cancels; discarded it is left', () => {
  const unclear = linked().when(sees(bare()))
  unclear
    .when(sees(bare(), { releasedAt: minute(50) }))
    .gives('BookingCancelled')
    .by('DELETED_IN_CALENDAR')
  unclear
    .when(sees(bare(), { discardedAt: minute(50) }))
    .gives('ExternalEventChangeIgnored')
    .by('DISCARDED')
})

test('a deletion that shows its details is a clear one', () => {
  linked()
    .when(sees(deleted(6, ours)))
    .by('DELETED_IN_CALENDAR')
})

test.run()
