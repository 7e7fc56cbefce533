/** Free names of mailboxes (M-020), besides their short keys. */
import { line } from './mail-submission.js'

/** What people take for the same name is one: case, spaces and how a letter is composed make no difference. */
export const comparableName = (name: string): string => name.normalize('NFKC').toLowerCase().trim().replace(/\s+/g, ' ')

/** Keys and addresses name mailboxes too: a name is neither, so that each word means one thing. */
const isKey = (name: string): boolean => /^[a-z0-9]{1,5}$/.test(name)

/** Empty: none. */
export const freeName = line(64)
  .transform((text) => text.trim())
  .refine((text) => !text.includes('@'), 'must not contain @: it would look like an address')
  .refine((text) => !isKey(text), 'must not look like a short key: use more than 5 characters, or set key instead')
  .describe('Free name by which mails may name the mailbox, unique in the tenant; at most 64 characters.')
