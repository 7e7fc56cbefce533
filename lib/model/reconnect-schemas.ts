/** What administrators send to have many mailboxes reconnected. */
import * as z from 'zod'
import { isFilter, mailboxFilter } from './mailbox-filter.js'

const mostAtOnce = 500

export const reconnectManySchema = z
  .strictObject({
    mailboxIds: z
      .array(z.string().regex(/^[a-z2-7]{26}$/, 'must be the id of a mailbox, 26 characters'))
      .min(1)
      .max(mostAtOnce)
      .optional()
      .describe('The mailboxes, by their ids; 1 to 500.'),
    filter: mailboxFilter
      .refine(isFilter, 'must name at least one of its fields')
      .optional()
      .describe('The mailboxes that this means, instead of mailboxIds.'),
    limit: z
      .number()
      .int()
      .min(1)
      .max(mostAtOnce)
      .optional()
      .describe('Most links by a filter, 1 to 500; left out, 500.'),
    after: z
      .string()
      .regex(/^[a-z2-7]{26}$/, 'must be `next` of the previous answer, unchanged')
      .optional()
      .describe('`next` of the previous answer with the same filter; left out, from the beginning.'),
    allowChange: z
      .array(z.enum(['provider', 'server', 'identity']))
      .max(3)
      .optional()
      .describe('What the owners may change, as for one mailbox. Left out: nothing.'),
  })
  .superRefine(({ mailboxIds, filter, limit, after }, { addIssue }) => {
    if ((mailboxIds === undefined) === (filter === undefined))
      addIssue({ code: 'custom', path: ['filter'], message: 'or mailboxIds must be given, and only one of them' })
    if (filter !== undefined) return
    for (const [name, value] of Object.entries({ limit, after }))
      if (value !== undefined)
        addIssue({ code: 'custom', path: [name], message: 'belongs to filter; leave it out with mailboxIds' })
  })
  .meta({
    id: 'ReconnectMany',
    description: 'Mailboxes whose owners shall sign in again.',
    examples: [{ filter: { warning: 'password_at_microsoft' }, allowChange: ['provider'] }],
  })

export type ReconnectManyInput = z.infer<typeof reconnectManySchema>
