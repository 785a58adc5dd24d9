/** `apply`: decide and publish; `observe`: decide and record, publish nothing; `off`: decide nothing. */
export type SyncMode = 'apply' | 'observe' | 'off'
