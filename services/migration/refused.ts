/** Why data is not moved, or not found whole after moving. `message` is a sentence for the operator. */
export class MigrationRefused extends Error {
  readonly code: 'TARGET_HOLDS_OTHER_EVENTS' | 'CATEGORY_UNKNOWN' | 'NOT_MOVED' | 'CALENDAR_HAS_OTHER_KEY'
  constructor(code: MigrationRefused['code'], message: string) {
    super(message)
    this.name = 'MigrationRefused'
    this.code = code
  }
}
