/** A body and what it is. */
export type FilledTemplate = { body: string; contentType: string }

/**
 * Fills a subscriber's own template: `{{name}}` is a field of the payload, or `triggerEvent` or `createdAt`. HTML's
 * characters are escaped, but for quotes. A template that is JSON is sent as JSON, any other
 * as a form (calcom/cal.com, packages/features/webhooks/lib/sendPayload.ts).
 */
export function filledTemplate(template: string, data: Record<string, unknown>): FilledTemplate {
  const filled = template.replace(/{{\s*([\w.]+)\s*}}/g, (_, path: string) => escaped(valueAt(data, path)))
  if (parsed(template) === undefined) {
    return { body: filled, contentType: 'application/x-www-form-urlencoded' }
  }
  return { body: JSON.stringify(parsed(filled) ?? false), contentType: 'application/json' }
}

function valueAt(data: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>(
      (value, name) =>
        typeof value === 'object' && value !== null
          ? Object.getOwnPropertyDescriptor(value, name)?.value
          : undefined,
      data,
    )
}

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', "'": '&#x27;' }

function escaped(value: unknown): string {
  if (value === undefined || value === null || value === false) return ''
  return String(value).replace(/[&<>']/g, (character) => entities[character] ?? character)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
