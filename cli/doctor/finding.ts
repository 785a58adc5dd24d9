/** The result of one check. `ok`: nothing to do. `note`: works, but see `mend`. `wrong`: does not work. */
export type Finding = {
  /** The thing that was looked at: a variable, or a thing by its name. */
  check: string
  state: 'ok' | 'note' | 'wrong'
  /** A sentence, without secrets, about what was seen. */
  says: string
  /** The remedy. */
  mend?: string
}

export const ok = (check: string, says: string): Finding => ({ check, state: 'ok', says })
export const note = (check: string, says: string, mend: string): Finding => ({
  check,
  state: 'note',
  says,
  mend,
})
export const wrong = (check: string, says: string, mend: string): Finding => ({
  check,
  state: 'wrong',
  says,
  mend,
})
