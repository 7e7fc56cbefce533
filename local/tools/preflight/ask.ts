const patienceMs = 10_000
const longestText = 65_536

export interface Answer {
  status: number
  /** At most 64 KiB. */
  text: string
  /** The server's own clock, milliseconds since the epoch; NaN when it names none. */
  date: number
  /** Empty when there is none. */
  location: string
}

/**
 * One GET that follows no redirect. Resolves with a sentence part such as "does not answer: ECONNREFUSED" on failure.
 */
export async function ask(url: string): Promise<Answer | string> {
  try {
    const response = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(patienceMs) })
    const text = (await response.text()).slice(0, longestText)
    const { status, headers } = response
    return { status, text, date: Date.parse(headers.get('date') ?? ''), location: headers.get('location') ?? '' }
  } catch (error) {
    const { name, cause } = error as { name?: string; cause?: { code?: string; errors?: { code?: string }[] } }
    const code = cause?.code ?? cause?.errors?.[0]?.code ?? name ?? 'no connection'
    return `does not answer: ${code}`
  }
}
