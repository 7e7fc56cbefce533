/**
 * What a queue message says. Writers disagree about base64: we and the Functions bindings use it, the queue clients of
 * .NET, Java and Python send the text as it is unless told otherwise. `host.json` hands every text over untouched, because
 * one that the host itself cannot decode goes round in the poison queue where no function ever sees it (REL-10).
 *
 * `message` is what the trigger got: the text, or its value where the text was JSON already. Undefined when it is JSON
 * in neither form.
 */
export function readMessage(message: unknown): unknown {
  if (typeof message !== 'string') return message
  if (message.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(message)) return undefined
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(message, 'base64')))
  } catch {
    return undefined
  }
}
