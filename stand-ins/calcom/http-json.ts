/** An error that is answered, with Cal.com's own name for it. */
export class ApiError extends Error {
  readonly status: number
  readonly code: string
  /** Comes without the envelope that API v2 has for errors. */
  readonly bare: boolean
  constructor(status: number, code: string, message: string, bare = false) {
    super(message)
    this.status = status
    this.code = code
    this.bare = bare
  }
}

/** The request's body as an object; an empty one where there is none. Anything else is answered 400. */
export async function jsonBody(request: Request): Promise<Record<string, unknown>> {
  const text = await request.text()
  if (text === '') return {}
  try {
    const body: unknown = JSON.parse(text)
    if (typeof body === 'object' && body !== null && !Array.isArray(body)) return { ...body }
  } catch {
    // Answered below, like any other body that is not an object.
  }
  throw new ApiError(400, 'BadRequestException', 'The body is not a JSON object')
}

/** A JSON answer. */
export function jsonResponse(status: number, body: unknown, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
  })
}
