import type { Document } from '../read-store/read-store.ts'
import type { Subject } from './signal-queue.ts'

/**
 * The signals that another queue needs so that nothing is forgotten: every calendar, and every other subject that waits
 * or is being looked at. Times, leases, failures and sync tokens are left behind.
 */
export type SignalContents = () => { subject: Subject; memo?: Document }[]
