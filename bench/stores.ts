// The stores on their engines, by this service's adapters and by the raw clients that do the same, in the same run.
import { eventStoreDbFigures } from './support/event-store-figures.ts'

/** Prints the figures of each engine that there is. */
export async function run(): Promise<void> {
  await eventStoreDbFigures()
}
