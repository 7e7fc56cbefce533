import { GatewayError } from '../errors.js'
import { mailJson, strictJson } from './strict-json.js'

/** What a queue message says, or why nobody will act on it. */
export type ReadMessage = { message: unknown } | { refusal: GatewayError; tenant: string }

/**
 * Writers disagree about base64: we and the Functions bindings use it, the queue clients of .NET, Java and Python send
 * the text as it is unless told otherwise. `host.json` hands every text over untouched, because one that the host itself
 * cannot decode goes round in the poison queue where no function ever sees it (REL-10).
 *
 * `given` is what the trigger got: the text, or its value where the text was JSON already. What is JSON in neither form,
 * or in base64 breaks the rules of bodies (`strict-json.ts`), is refused; `tenant` is the one it names, or empty.
 */
export function readMessage(given: unknown): ReadMessage {
  if (typeof given !== 'string') return { message: given }
  const isBase64 = given.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(given)
  const bytes = Buffer.from(isBase64 ? given : '', 'base64')
  try {
    return { message: strictJson(bytes, mailJson) }
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    return { refusal: error, tenant: tenantIn(bytes.toString()) }
  }
}

/** Only to say whose it was: named once, in JSON that is otherwise whole. */
function tenantIn(text: string): string {
  if (text.match(/"tenant"/g)?.length !== 1) return ''
  try {
    return String((JSON.parse(text) as { tenant?: unknown }).tenant ?? '')
  } catch {
    return ''
  }
}
