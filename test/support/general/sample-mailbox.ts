import { newId } from '../../../lib/model/ids.js'
import type { Mailbox } from '../../../lib/model/mailbox.js'

/** An active mailbox of tenant `acme` that neither receives nor sends, unless said otherwise. */
export function sampleMailbox(given: Partial<Mailbox> = {}): Mailbox {
  return {
    id: newId(),
    tenant: 'acme',
    key: 'box',
    name: '',
    address: 'info@example.com',
    displayName: '',
    description: '',
    purpose: '',
    active: true,
    receive: { transport: 'none' },
    send: { transport: 'none' },
    sendAs: [],
    epoch: 1,
    createdAt: new Date().toISOString(),
    ...given,
  }
}
