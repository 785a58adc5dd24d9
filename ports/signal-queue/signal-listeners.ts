/** Listeners to this process's signals. */
export function signalListeners() {
  const listeners = new Set<() => void>()
  return {
    tell() {
      for (const listener of listeners) listener()
    },
    /** Returns how to stop listening. */
    onSignal(listener: () => void): () => void {
      // Wrapped, so that the same function may listen twice.
      const entry = () => listener()
      listeners.add(entry)
      return () => void listeners.delete(entry)
    },
    async close() {
      listeners.clear()
    },
  }
}
