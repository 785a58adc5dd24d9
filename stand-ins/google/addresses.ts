/** One address, however it is written: Google compares addresses without regard to letter case. */
export const sameAddress = (one: string | undefined, other: string | undefined): boolean =>
  one === other || (one !== undefined && one.toLowerCase() === other?.toLowerCase())

/** Addresses come back in lower case; ids that are none stay as they are. */
export const addressAsKept = (id: string): string => (id.includes('@') ? id.toLowerCase() : id)
