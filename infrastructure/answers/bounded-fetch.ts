// Answers of others over HTTP, read up to a limit: whoever answers chooses how long the answer is.

/** Thrown where an answer is not taken. `code` says why; nothing of the answer is in it. */
export class AnswerRefused extends Error {
  readonly code: 'ANSWER_TOO_LARGE' | 'REDIRECT_REFUSED'

  constructor(code: AnswerRefused['code']) {
    super(code === 'ANSWER_TOO_LARGE' ? 'the answer is too large' : 'the answer leads to another address')
    this.name = 'AnswerRefused'
    this.code = code
  }
}

/**
 * Fetch that follows no redirect, and whose body fails with AnswerRefused beyond `mostBytes`, counted after decompression.
 * `send` is fetch unless given. The time is the caller's to bound, by a signal.
 */
export function boundedFetch(
  mostBytes: number,
  send: (input: Request | URL | string, init?: RequestInit) => Promise<Response> = fetch,
): typeof fetch {
  return async (input, init) => {
    const response = await send(input, { ...init, redirect: 'manual' })
    const { status, statusText, headers, body } = response
    if (status >= 300 && status < 400 && headers.has('location')) {
      await body?.cancel()
      throw new AnswerRefused('REDIRECT_REFUSED')
    }
    if (body === null) return response
    return new Response(body.pipeThrough(bytesUpTo(mostBytes)), { status, statusText, headers })
  }
}

function bytesUpTo(most: number): TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>> {
  let bytes = 0
  return new TransformStream({
    transform(chunk, controller) {
      bytes += chunk.byteLength
      if (bytes > most) controller.error(new AnswerRefused('ANSWER_TOO_LARGE'))
      else controller.enqueue(chunk)
    },
  })
}
