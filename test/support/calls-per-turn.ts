/** Counts calls, and tells the most of them that were made without a turn of the event loop in between. */
export function callsPerTurn() {
  let calls = 0
  let most = 0
  return {
    called() {
      calls += 1
      most = Math.max(most, calls)
      if (calls === 1)
        setImmediate(() => {
          calls = 0
        })
    },
    most: () => most,
    reset() {
      most = 0
    },
  }
}
