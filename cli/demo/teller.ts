import { styleText } from 'node:util'

/** Somewhere to write to; colours only where it is a terminal. */
export type Screen = { write(text: string): unknown; isTTY?: boolean }

/** Tells a story to whoever watches: a headline a step, below it what happened. */
export type Teller = {
  step(headline: string): void
  /** Something that happened. */
  happened(text: string): void
  /** Something that was checked and is so. */
  true(text: string): void
  /** Words that belong to the line before. */
  detail(text: string): void
  failed(text: string): void
  end(text: string): void
}

export function createTeller(screen: Screen): Teller {
  const style = (format: Parameters<typeof styleText>[0], text: string) =>
    screen.isTTY === true ? styleText(format, text, { validateStream: false }) : text
  const line = (text = '') => void screen.write(`${text}\n`)
  let steps = 0
  return {
    step(headline) {
      steps += 1
      line()
      line(style('bold', `${steps}. ${headline}`))
    },
    happened: (text) => line(`   ${text}`),
    true: (text) => line(`   ${style('green', '✓')} ${text}`),
    detail: (text) => line(style('dim', `       ${text}`)),
    failed(text) {
      line(`   ${style('red', '✗')} ${text}`)
      line()
      line(style('red', `The story did not come true: step ${steps} failed.`))
    },
    end(text) {
      line()
      line(style('green', text))
    },
  }
}

const ZONE = 'Europe/London'

/** A span as the demo's hosts read it, in London: `Tue 24 Nov 10:00–10:30`. */
export function span({ start, end }: { start: string; end: string }): string {
  const [from, to] = [start, end].map((at) => Temporal.Instant.from(at).toZonedDateTimeISO(ZONE))
  const day = from?.toLocaleString('en-GB', { weekday: 'short', day: 'numeric', month: 'short' })
  return `${day?.replace(',', '')} ${hours(from)}–${hours(to)}`
}

const hours = (at: Temporal.ZonedDateTime | undefined) =>
  at?.toLocaleString('en-GB', { hour: '2-digit', minute: '2-digit' })

/** When something happened today, in UTC to the millisecond: `15:04:05.678`. */
export const clockTime = (at: string): string =>
  Temporal.Instant.from(at).toString({ fractionalSecondDigits: 3 }).slice(11, 23)
