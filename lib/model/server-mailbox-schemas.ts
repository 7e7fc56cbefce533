/** What administrators send to connect mailboxes at mail servers, where nobody signs in to a page. */
import * as z from 'zod'
import { address } from './api-schemas.js'
import { line } from './mail-submission.js'
import { freeName } from './mailbox-name.js'
import { imapServer, smtpServer } from './server-schemas.js'

const username = line(254).min(1)
const password = line(1_000).min(1).describe('Goes in and never comes out; 1 to 1000 characters.')

const login = z
  .strictObject({
    username: username
      .optional()
      .describe('User name at the server; left out, the address of the mailbox. At most 254 characters.'),
    password,
  })
  .describe('The account at the server.')

export const serverMailboxSchema = z
  .strictObject({
    address: address.describe('Mail address of the mailbox; at most 254 characters.'),
    displayName: line(100).default('').describe('Name shown for the mailbox; at most 100 characters.'),
    name: freeName.optional(),
    receive: z.strictObject({ imap: imapServer, login }).optional().describe('How it receives; left out, it does not.'),
    send: z
      .strictObject({
        smtp: smtpServer,
        login: z
          .union([z.literal('none'), login])
          .optional()
          .describe('none: a relay without sign-in. Left out: the account of receive.'),
      })
      .optional()
      .describe('How it sends; left out, it does not.'),
  })
  .superRefine(({ receive, send }, { addIssue }) => {
    if (!receive && !send)
      addIssue({ code: 'custom', path: ['receive'], message: 'or send must be given: a mailbox needs one direction' })
    if (!receive && send && send.login === undefined)
      addIssue({
        code: 'custom',
        path: ['send', 'login'],
        message: 'must be an account, or "none" for a relay without sign-in: there is no account of receive to use',
      })
  })
  .meta({
    id: 'ServerMailbox',
    description: 'A mailbox at mail servers.',
    examples: [
      {
        address: 'orders@contoso.example',
        displayName: 'Orders',
        receive: {
          imap: { host: 'imap.contoso.example', tls: 'implicit' },
          login: { username: 'orders', password: 'one of the mailbox' },
        },
        send: { smtp: { host: 'relay.contoso.example', port: 25, tls: 'starttls' }, login: 'none' },
      },
    ],
  })

export const passwordChangeSchema = z
  .strictObject({
    username: username
      .optional()
      .describe('User name at the servers; left out, the stored one stays. At most 254 characters.'),
    password,
  })
  .meta({
    id: 'PasswordChange',
    description: 'Another password for the mailboxes of a connection.',
    examples: [{ password: 'the new one' }],
  })

export type ServerMailboxInput = z.infer<typeof serverMailboxSchema>
export type PasswordChangeInput = z.infer<typeof passwordChangeSchema>
