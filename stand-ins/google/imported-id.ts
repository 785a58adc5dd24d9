/** The id that Google gives an imported event, as recorded: `_` and the iCalUID in base32hex. */
export function idOfImported(iCalUID: string): string {
  let bits = ''
  for (const byte of Buffer.from(iCalUID)) bits += byte.toString(2).padStart(8, '0')
  const digits = (bits.match(/.{1,5}/g) ?? []).map((five) => parseInt(five.padEnd(5, '0'), 2).toString(32))
  return `_${digits.join('')}`
}
