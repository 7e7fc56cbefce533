import type { InvocationContext } from '@azure/functions'

/**
 * For a queue trigger: the message's text as it lies there. Without it the library parses every text that is JSON
 * before the function sees it, and of a key given twice the last would count (H6).
 */
export const asBytes: object = { dataType: 'binary' }

/** One message as its trigger got it. */
export const delivered = (given: unknown, { triggerMetadata, invocationId }: InvocationContext) => ({
  given,
  messageId: String(triggerMetadata?.['id'] ?? invocationId),
})
