/** What Google appends to a series' id each time "this and following" splits it: the split's first original start. */
const splits = /(?:_R\d{8}(?:T\d{6}Z?)?)+$/

/**
 * The series that this one was split off from, first to last; itself where it never was. All parts of a series share
 * their root. Only for finding what may belong together: an instance's own `recurringEventId` says what it belongs to.
 */
export const seriesRoot = (recurringEventId: string): string => recurringEventId.replace(splits, '')
