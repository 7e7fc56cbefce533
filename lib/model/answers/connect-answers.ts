/** What the API answers about sign-ins, consents and connections. */
import * as z from 'zod'
import { providerNames } from '../providers.js'
import { count, id, listOf, nextPage, oneOf, orNull, tenantId, text, time, triedProblem } from './answer-fields.js'
import { mailboxWarning, verdicts } from './mailbox-answers.js'

const signInId = id('Id of the sign-in.', 's2x7mq4zkw5tn3hdrjfvbeuagc')
const mailboxId = id('The mailbox.', 'q7m2ztn4kc5xw3hdrjfvbeuags')
const connectionId = id('The connection.', 'c4x7mq2zkw5tn3hdrjfvbeuags')
const directory = '9b0f3c1e-6f2a-4c7d-8e55-0d1f2a3b4c5d'

export const startedSignIn = z
  .object({
    signInId,
    link: text(
      "Link to open in the mailbox owner's browser. Whoever has it can sign in: treat it as a secret.",
      'https://mail.example.com/connect/s2x7mq4zkw5tn3hdrjfvbeuagc.…',
    ),
    expiresAt: time('When the link expires.', '2026-02-01T08:00:00.000Z'),
  })
  .meta({ id: 'StartedSignIn', description: 'A sign-in that waits for a person.' })

export const manyReconnects = z
  .object({
    links: listOf(
      startedSignIn
        .extend({ mailboxId, address: text('Its mail address.', 'ana@contoso.example') })
        .meta({ id: 'ReconnectLink', description: 'A link for the owner of one mailbox.' }),
      'The links that were created.',
    ),
    refused: listOf(
      z
        .object({
          mailboxId,
          address: orNull(text('Its mail address; null for an unknown id.', 'ana@contoso.example')),
          code: text('Stable code of the reason.', 'not_found'),
          description: text('The reason in plain words.', 'No such mailbox.'),
          remedy: text('What to do.', 'Check the id.'),
        })
        .meta({ id: 'ReconnectRefused', description: 'A mailbox that cannot have a link.' }),
      'Mailboxes without a link, with the reason.',
    ),
    done: count('Links that were created.', 1),
    open: count('Mailboxes meant by this call that have no link: refused, or not reached in time.', 0),
    next: nextPage,
  })
  .meta({ id: 'ManyReconnects', description: 'Reconnect links for many mailboxes.' })

export const signIn = z
  .object({
    signInId,
    status: oneOf(
      ['started', 'returned', 'signed-in', 'confirmed', 'refused', 'cancelled', 'expired'],
      'started: nobody has signed in yet. returned: the browser is on its way back. signed-in: waits for confirmation. confirmed: done. refused, cancelled, expired: ended without a mailbox.',
      'signed-in',
    ),
    address: orNull(text('Address of the mailbox; null for a consent.', 'ana@contoso.example')),
    kind: oneOf(['connect', 'reconnect', 'admin-consent'], 'What it is for.', 'connect'),
    confirmation: oneOf(
      ['result-code', 'tenant-admin', 'confirmed-by-link'],
      'Who confirms it: the application with the result code, a tenant administrator, or nobody because the link itself confirmed it.',
      'result-code',
    ),
    signedInAs: orNull(
      text('User name of the account that signed in; null before the sign-in.', 'ana@contoso.example'),
    ),
    directory: orNull(
      text('Microsoft tenant id of that account; null before the sign-in and with other providers.', directory),
    ),
    verdicts: verdicts.nullable().describe('Verdicts of the test; null before it.'),
    refusal: orNull(text('Code of the latest refusal; null when there was none.', 'wrong_account')),
    mailboxId: orNull(
      id('The mailbox; null before the confirmation, and for a consent.', 'q7m2ztn4kc5xw3hdrjfvbeuags'),
    ),
    connectionId: orNull(id('The connection; null before the confirmation.', 'c4x7mq2zkw5tn3hdrjfvbeuags')),
    createdAt: time('When it was started.'),
    expiresAt: time('Until when it can be continued, confirmed or, once confirmed, read.', '2026-02-01T08:00:00.000Z'),
  })
  .meta({ id: 'SignIn', description: 'Progress of a sign-in. Contains no secret and no code.' })

export const signInPage = z
  .object({
    signIns: listOf(signIn, 'In order of id.'),
    next: nextPage,
  })
  .meta({ id: 'SignInPage', description: 'One page of sign-ins.' })

export const confirmed = z
  .object({
    status: z.literal('confirmed').meta({ description: 'Always confirmed.', examples: ['confirmed'] }),
    mailboxId: orNull(mailboxId).describe('The mailbox; null for a consent, which creates none.'),
    connectionId: orNull(connectionId).describe('The connection; null when only a permission was granted.'),
    address: orNull(text('Address of the mailbox; null for a consent.', 'ana@contoso.example')),
    warnings: listOf(mailboxWarning, 'What works today and will stop working, or has a limit.'),
  })
  .meta({ id: 'ConfirmedSignIn', description: 'The sign-in is confirmed, and the mailbox exists.' })

const mode = oneOf(
  ['delegated', 'app-only'],
  'delegated: people may connect their own mailboxes. app-only: the application opens mailboxes without a person.',
  'app-only',
)
const scopes = listOf(text('A permission.', 'https://graph.microsoft.com/Mail.Send'), 'The granted permissions.')

const consent = z
  .object({
    mode,
    registrationId: id('The registration that received the consent.', 'r4x7mq2zkw5tn3hdcjfvbeuags'),
    directory: text('Microsoft tenant id.', directory),
    administrator: text('User name of the administrator who consented.', 'admin@contoso.example'),
    administratorId: text('Object id of the administrator who consented.', '5a0f3c1e-6f2a-4c7d-8e55-0d1f2a3b4c5d'),
    scopes,
    consentedAt: time('When.'),
  })
  .meta({ id: 'Consent', description: 'A consent that an administrator gave for an organisation.' })

export const consentPage = z
  .object({
    consents: listOf(consent, 'Consents that administrators gave, in no particular order.'),
    next: nextPage,
  })
  .meta({ id: 'ConsentPage', description: 'One page of consents.' })

const identity = z
  .object({
    issuer: text('Issuer of the id token.', `https://login.microsoftonline.com/${directory}/v2.0`),
    tenantId: text('Microsoft tenant id; absent with other providers.', directory).optional(),
    objectId: text(
      'Object id of the account; absent with other providers.',
      '5a0f3c1e-6f2a-4c7d-8e55-0d1f2a3b4c5d',
    ).optional(),
    subject: text('Subject of the id token.', 'AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ'),
    username: text('User name, for display.', 'ana@contoso.example'),
    alias: text(
      'Another verified address of the same account; absent when there is none.',
      'a.smith@contoso.example',
    ).optional(),
    displayName: text('Name of the account; absent when unknown.', 'Ana Smith').optional(),
  })
  .meta({ id: 'Identity', description: 'Who signed in.' })

const connectionState = oneOf(
  ['connected', 'needs-reconnect', 'needs-admin', 'removed'],
  'needs-reconnect: the owner must sign in again. needs-admin: an administrator must act.',
  'connected',
)

export const triedConnection = z
  .object({ state: connectionState, problem: triedProblem })
  .meta({ id: 'TriedConnection', description: "The provider's answer to the test." })

export const passwordChanged = z
  .object({
    connectionId,
    username: text('User name at the servers.', 'orders'),
    tested: listOf(
      z
        .object({ mailboxId, verdicts })
        .meta({ id: 'TestedMailbox', description: 'What the servers of a mailbox said.' }),
      'The mailboxes whose servers were asked; one for each set of servers.',
    ),
  })
  .meta({ id: 'PasswordChanged', description: 'The connection has another password, which its servers accepted.' })

const connection = z
  .object({
    id: id('Id of the connection.', 'c4x7mq2zkw5tn3hdrjfvbeuags'),
    tenant: tenantId,
    mode: oneOf(
      ['delegated', 'app-only', 'password', 'anonymous'],
      'delegated: a person signed in. app-only: an administrator consented to the application itself. password: user name and password. anonymous: a relay without sign-in.',
      'delegated',
    ),
    provider: oneOf(providerNames, 'Who authorises the connection; basic: the mail server itself.', 'microsoft'),
    registrationId: orNull(id('The registration it uses; null when it uses none.', 'r4x7mq2zkw5tn3hdcjfvbeuags')),
    identity: identity.optional().describe('Absent for password and anonymous connections.'),
    username: orNull(text('User name of a password connection; null otherwise.', 'paula@postbox.example')),
    scopes,
    state: connectionState,
    reason: orNull(
      text('Code of the error that ended the state connected; null while it is connected.', 'entra_aadsts700082'),
    ),
    stateSince: time('Since when it has been in this state.'),
    createdAt: time('When it was created.'),
    connectedAt: time('When a person last granted the authority.'),
    lastRefresh: orNull(time('When the gateway last refreshed the authority; null before the first time.')),
    nextRefresh: orNull(time('When the gateway refreshes it next; null when it does not.')),
    failures: count('Consecutive failed refreshes.'),
    failureCode: orNull(text('Code of the latest failure; null when there is none.', 'entra_unavailable')),
    projectedDeath: z
      .object({
        at: time('When.', '2026-05-01T08:00:00.000Z'),
        why: oneOf(
          ['unused', 'client-secret', 'certificate'],
          'unused: it was not refreshed for too long. client-secret, certificate: that of the registration expires.',
          'unused',
        ),
      })
      .nullable()
      .describe(
        'When the authority would expire if nothing more happened; null when it does not expire or the time is unknown.',
      ),
  })
  .meta({ id: 'Connection', description: 'Authority over mailboxes, without the secret itself.' })

export const connectionPage = z
  .object({ connections: listOf(connection, 'In order of id.'), next: nextPage })
  .meta({ id: 'ConnectionPage', description: 'One page of connections.' })
