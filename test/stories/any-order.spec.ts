// Whatever people do in the calendar and in Cal.com, in whatever order it arrives, and whoever refuses an answer.
// FC_RUNS says how many stories are played of each kind, FC_SEED which ones, FC_KIND which kind alone (0, 1, 2), FC_PATH
// which of its stories: as a failure tells.
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { stories } from '../support/any-order.ts'
import { play } from '../support/any-order-play.ts'

const test = suite('in any order')

const { FC_RUNS = '20', FC_SEED = '20261130', FC_PATH, FC_KIND } = process.env
const runs = {
  numRuns: Number(FC_RUNS),
  seed: Number(FC_SEED),
  includeErrorInReport: true,
  ...(FC_PATH !== undefined && { path: FC_PATH }),
}

const kinds = [
  ["with Cal.com's API and pushes", { api: true, push: true }],
  ["with Cal.com's API, polled", { api: true, push: false }],
  ['without the API', { api: false, push: true }],
] as const

for (const [how, given] of FC_KIND ? kinds.filter((_, index) => `${index}` === FC_KIND) : kinds)
  test(`no guest is told anything false, and nothing is lost in silence, ${how}`, () =>
    fc.assert(
      fc.asyncProperty(stories(given), async (story) => {
        const { wrong, happened } = await play(story)
        assert.is(wrong.length, 0, [...happened, ...wrong.map((one) => `WRONG: ${one}`)].join('\n'))
      }),
      runs,
    ))

test.run()
