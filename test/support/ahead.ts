import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import * as uvu from 'uvu'

const list: { [file: string]: string[] } = JSON.parse(
  readFileSync(join(import.meta.dirname, '../stories/ahead.json'), 'utf8'),
)
const ahead = new Set(list[basename(process.argv[1] ?? '')])
if (ahead.size > 0 && process.env.STORIES_AHEAD === undefined)
  console.log(
    `SKIP set STORIES_AHEAD=1 to run the ${ahead.size} stories of this file that do not come true yet`,
  )

/** As uvu's; a story that is ahead of the service (test/stories/ahead.json) is skipped unless STORIES_AHEAD is set. */
export const suite = (name: string): uvu.Test => unlessAhead(uvu.suite(name))
export const test: uvu.Test = unlessAhead(uvu.test)

function unlessAhead(given: uvu.Test): uvu.Test {
  const { only, skip, before, after, run } = given
  const tell = (title: string, story: uvu.Callback): void => {
    if (ahead.has(title) && process.env.STORIES_AHEAD === undefined) skip(title, story)
    else given(title, story)
  }
  return Object.assign(tell, { only, skip, before, after, run })
}
