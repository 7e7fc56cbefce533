/** What the API answers about mailboxes and their settings. */
import * as z from 'zod'
import { checkStages } from '../check-stage.js'
import { headersSchema, recipientSchema } from '../mail-submission.js'
import { mailboxHealths } from '../mailbox-health.js'
import { mailboxWarningCodes } from '../mailbox-warnings.js'
import { count, errorCode, flag, id, listOf, nextPage, oneOf, orNull, tenantId, text, time } from './answer-fields.js'
import { attentionItem } from './attention-answers.js'

const word = <const T extends string>(value: T, description: string) =>
  z.literal(value).meta({ description, examples: [value] })

const verdict = z
  .discriminatedUnion('verdict', [
    z.object({ verdict: word('works', 'It was tested and works.') }),
    z.object({
      verdict: word('not-tested', 'It was not tested.'),
      opened: z
        .literal(true)
        .exactOptional()
        .meta({ description: 'The mailbox could be opened for it; only a mail can show more.', examples: [true] }),
      unanswered: z
        .literal(true)
        .exactOptional()
        .meta({ description: 'The previous server, which the reconnect keeps, did not answer.', examples: [true] }),
    }),
    z.object({
      verdict: word('fails', 'It was tested and does not work.'),
      code: errorCode(),
      text: text('What happened, in plain words.', 'The account has no mailbox.'),
      remedy: text('What to do.', 'An administrator must assign a licence.'),
    }),
  ])
  .meta({ id: 'Verdict', description: 'The result of the test.' })

export const verdicts = z
  .object({
    signIn: verdict.describe('Signing in.'),
    reading: verdict.describe('Reading mail.'),
    sending: verdict.describe('Sending mail.'),
  })
  .meta({ id: 'Verdicts', description: 'Separate verdicts for sign-in, reading and sending.' })

export const mailboxWarning = z
  .object({
    code: oneOf(mailboxWarningCodes, 'Stable code.', 'password_at_microsoft'),
    description: text(
      'What will stop working, or is limited.',
      'The mailbox signs in with a password, which Microsoft is switching off.',
    ),
    remedy: text('What to do about it.', 'Create a reconnect link.'),
  })
  .meta({ id: 'MailboxWarning', description: 'Something that works today and will stop working, or has a limit.' })

const connectionId = id('The connection that authorises it.', 'c4x7mq2zkw5tn3hdrjfvbeuags')
const user = text(
  'Object id or user principal name at Microsoft, if it differs from the address.',
  'info@contoso.example',
).optional()
const folder = text('The folder that is read.', 'inbox')

const after = z
  .discriminatedUnion('action', [
    z.object({ action: word('leave', 'Nothing.') }),
    z.object({ action: word('mark-read', 'It is marked as read.') }),
    z.object({ action: word('move', 'It is moved.'), folder: text('Where to.', 'Archive') }),
    z.object({ action: word('delete', 'It is deleted.') }),
  ])
  .meta({ id: 'AfterReceive', description: 'What happens on the mail server to a mail that was handed over.' })

const server = {
  host: text('Host name or IP address.', 'imap.contoso.example'),
  port: count('TCP port.', 993),
  tls: oneOf(['implicit', 'starttls', 'plain'], 'How the connection is encrypted.', 'implicit'),
  ca: text(
    'PEM certificate of a private CA; absent when the server is publicly trusted.',
    '-----BEGIN CERTIFICATE-----\n…',
  ).optional(),
}

const receiving = [
  z.object({ transport: word('graph', 'Microsoft Graph.'), connectionId, user, folder, after: after.optional() }),
  z.object({
    transport: word('imap', 'IMAP.'),
    connectionId,
    imap: z.object({ ...server, folder }).describe('The server.'),
    after: after.optional(),
  }),
] as const

const awaiting = z
  .object({
    receive: z.discriminatedUnion('transport', receiving).describe('How it is going to receive.'),
    since: time('Since when it waits.'),
  })
  .meta({
    id: 'AwaitedReceiving',
    description:
      'The mailbox sends, and receives automatically as soon as an administrator of its organisation has approved that.',
  })

const receiveSettings = z
  .discriminatedUnion('transport', [
    z.object({ transport: word('none', 'It does not receive.'), awaiting: awaiting.optional() }),
    ...receiving,
  ])
  .meta({ id: 'ReceiveSettings', description: 'How the mailbox receives. `after` absent: as the settings say.' })

const sendSettings = z
  .discriminatedUnion('transport', [
    z.object({ transport: word('none', 'It does not send.') }),
    z.object({ transport: word('graph', 'Microsoft Graph.'), connectionId, user }),
    z.object({
      transport: word('smtp', 'SMTP.'),
      connectionId,
      smtp: z
        .object({
          ...server,
          messagesPerSession: count('Mails per SMTP session; absent: as the settings say.', 20).optional(),
        })
        .describe('The server.'),
    }),
  ])
  .meta({ id: 'SendSettings', description: 'How the mailbox sends.' })

const settingValue = z.union([z.string(), z.number()])
export const settingValues = z.record(z.string(), settingValue).meta({
  id: 'SettingValues',
  description: 'Settings by name (docs/configuration.md).',
  examples: [{ pollMinSeconds: 60 }],
})

const messageDefaults = z
  .object({
    from: recipientSchema.optional().describe('Sender.'),
    replyTo: recipientSchema.optional().describe('Where replies go.'),
    bcc: z.array(recipientSchema).optional().describe('Further recipients nobody sees.'),
    subject: text('Subject.', 'Your order').optional(),
    headers: headersSchema.optional().describe('Further headers by name.'),
  })
  .meta({
    id: 'MessageDefaultsOfMailbox',
    description: 'Values for fields that a mail leaves empty; an absent field sets nothing.',
  })

const direction = {
  transport: oneOf(['none', 'graph', 'imap', 'smtp'], 'The transport in use.', 'graph'),
  lastSuccess: orNull(time('When it last worked; null before the first time.')),
  lastMail: orNull(time('When the last mail went through; null before the first one.')),
  failures: count('Consecutive failures.'),
  problem: orNull(text('What is wrong now, in plain words; null when it works.', 'The mail server does not answer.')),
}

export const mailbox = z
  .object({
    id: id('Id of the mailbox.', 'q7m2ztn4kc5xw3hdrjfvbeuags'),
    tenant: tenantId,
    key: text('Short key, unique in the tenant.', 'ana'),
    name: orNull(text('Free name, unique in the tenant; null when there is none.', 'Orders of the shop')),
    address: text('Its mail address.', 'ana@contoso.example'),
    displayName: orNull(text('Name that recipients see; null when there is none.', 'Ana of Contoso')),
    description: orNull(text('Free text for people; null when there is none.', 'Orders')),
    purpose: orNull(text('Groups mailboxes: mails and settings may name it; null when there is none.', 'orders')),
    active: flag('False: it neither receives nor sends.'),
    receive: receiveSettings,
    send: sendSettings,
    sendAs: listOf(text('Mail address.', 'info@contoso.example'), 'Further addresses it may send as.'),
    settings: settingValues.optional().describe('What the mailbox chooses for itself.'),
    defaults: messageDefaults.optional(),
    epoch: count('Counts every change of receive or send.', 1),
    createdAt: time('When it was connected.'),
    isDefault: flag('Sends mail that names no mailbox.'),
    isAddressDefault: flag('Sends mail that names its address; of several mailboxes with one address, one.'),
    health: oneOf(mailboxHealths, 'The worst known condition, in one word.', 'working'),
    attention: listOf(attentionItem, 'What is broken now and affects this mailbox.'),
    heldBy: orNull(
      text(
        'Who holds the address if it is not this mailbox; null when all is well.',
        'environment prod, another tenant',
      ),
    ),
    connectionState: oneOf(
      ['connected', 'needs-reconnect', 'needs-admin', 'removed', 'none'],
      'State of its connection; none: it has no connection.',
      'connected',
    ),
    connectionReason: orNull(
      text(
        "Code of the error that ended the connection's state connected; null while it is connected.",
        'entra_aadsts700082',
      ),
    ),
    receiving: z.object(direction).meta({ id: 'Receiving', description: 'How receiving goes.' }),
    sending: z
      .object({
        ...direction,
        gate: oneOf(['open', 'closed'], 'closed: somebody must act before mail can be sent.', 'open'),
        refusedMails: count('Mails that the server refused permanently since the last one it accepted.'),
        lastRefused: orNull(time('When it refused the latest of them; null when it refused none.')),
        nextTry: orNull(time('Nothing is sent before this time; null: immediately, or not until somebody has acted.')),
      })
      .meta({ id: 'Sending', description: 'How sending goes.' }),
    warnings: listOf(mailboxWarning, 'What works today and will stop working, or has a limit.'),
  })
  .meta({ id: 'Mailbox', description: 'A connected mailbox.' })

export const mailboxPage = z
  .object({ mailboxes: listOf(mailbox, 'In order of id.'), next: nextPage })
  .meta({ id: 'MailboxPage', description: 'One page of mailboxes.' })

export const addedMailbox = z
  .object({
    mailboxId: id('Id of the mailbox.', 'q7m2ztn4kc5xw3hdrjfvbeuags'),
    connectionId,
    address: text('Its mail address.', 'ana@contoso.example'),
    verdicts,
  })
  .meta({ id: 'AddedMailbox', description: 'A mailbox that was added, with a verdict for each direction.' })

export const serverMailboxAdded = z
  .object({
    mailboxId: orNull(id('Id of the mailbox; null after a mere test.', 'q7m2ztn4kc5xw3hdrjfvbeuags')),
    address: text('Its mail address.', 'orders@contoso.example'),
    receiveConnectionId: orNull(
      id('The connection with which it receives; null when it does not.', 'c4x7mq2zkw5tn3hdrjfvbeuags'),
    ),
    sendConnectionId: orNull(
      id(
        'The connection with which it sends; null when it does not. One account for both is one connection.',
        'c4x7mq2zkw5tn3hdrjfvbeuags',
      ),
    ),
    verdicts,
    warnings: listOf(mailboxWarning, 'What works today and is known to stop working.'),
  })
  .meta({ id: 'ServerMailboxAdded', description: 'A mailbox at mail servers, with a verdict for each direction.' })

const checkedPart = z
  .object({
    verdict: oneOf(
      ['works', 'fails', 'not-tested'],
      'not-tested: the mailbox does not use it, the sign-in failed first, or only a mail would show more (stage send-right).',
      'fails',
    ),
    stage: orNull(
      oneOf(
        checkStages,
        'Where it stopped; null when it works. connect: also a server that stays silent or hangs up.',
        'tls',
      ),
    ),
    code: orNull(errorCode()),
    whoActs: orNull(text('Who must act, in plain words.', 'Gateway operator')),
    description: orNull(text('What is wrong, in plain words.', 'The certificate of the mail server has expired.')),
    remedy: orNull(text('What to do.', 'The owner of the mail server must renew the certificate.')),
  })
  .meta({ id: 'CheckedPart', description: 'What the test found; null where there is nothing to say.' })

export const checkedMailbox = z
  .object({
    signIn: checkedPart.describe('Signing in: the provider, or the mail servers for a password.'),
    reading: checkedPart.describe('Opening the folder to read.'),
    sending: checkedPart.describe('Opening a session for sending.'),
  })
  .meta({ id: 'CheckedMailbox', description: 'What works now, and where the rest stopped.' })

export const polled = z
  .object({ queued: z.literal(true).meta({ description: 'Always true.', examples: [true] }) })
  .meta({ id: 'PollQueued', description: 'A worker polls the mailbox within seconds.' })

export const importAsked = z
  .object({
    importing: count('Mails in quarantine that a worker tries within seconds.', 1),
    outOfReach: count(
      'Mails that stay there because they come from another server, account or folder than the mailbox has now.',
    ),
  })
  .meta({ id: 'ImportAsked', description: 'What happens to the mail in quarantine.' })

export const settingsView = z
  .object({
    own: settingValues.describe('The values that this level itself chose.'),
    settings: listOf(
      z
        .object({
          name: text('Name of the setting (docs/configuration.md).', 'pollMinSeconds'),
          value: settingValue.meta({ description: 'The effective value.', examples: [60] }),
          source: oneOf(
            ['mailbox', 'purpose', 'tenant', 'deployment', 'default'],
            'The level that the value comes from.',
            'default',
          ),
          default: settingValue.meta({ description: 'The value when no level chose one.', examples: [60] }),
          min: z
            .number()
            .optional()
            .meta({ description: 'Smallest value; absent for text.', examples: [10] }),
          max: z
            .number()
            .optional()
            .meta({ description: 'Largest value; absent for text.', examples: [3600] }),
          description: text('What it does, with its unit.', 'Seconds between two polls.'),
        })
        .meta({
          id: 'EffectiveSetting',
          description: 'One setting with its effective value and where that comes from.',
        }),
      'Every adjustable setting.',
    ),
  })
  .meta({ id: 'Settings', description: 'The values that one level chose, and the effective values.' })
